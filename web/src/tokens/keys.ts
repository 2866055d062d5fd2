// Where the keys lead: by token, and between the lines as they are on the screen.
const kLine = 26; // px, the line height of the running text

const boxOf = (root: Element, index: number): DOMRect | undefined =>
  root.querySelector(`[data-item="${index}"]`)?.getClientRects()[0];

const middle = (box: DOMRect): number => (box.left + box.right) / 2;

/// The token of the next or the last line that is the nearest to where this one stands.
function inNextLine(index: number, step: 1 | -1, last: number, root: Element): number {
  const here = boxOf(root, index);
  if (!here) return index;
  let best = index;
  let distance = Number.POSITIVE_INFINITY;
  for (let i = index + step; i >= 0 && i <= last; i += step) {
    const box = boxOf(root, i);
    if (!box) break;
    const lines = Math.round(Math.abs(box.top - here.top) / kLine);
    if (lines >= 2 && best !== index) break;
    if (lines === 0 || Math.abs(middle(box) - middle(here)) >= distance) continue;
    best = i;
    distance = Math.abs(middle(box) - middle(here));
  }
  return best;
}

export function target(index: number, key: string, last: number, root: Element): number {
  if (key === "ArrowLeft") return Math.max(0, index - 1);
  if (key === "ArrowRight") return Math.min(last, index + 1);
  if (key === "Home") return 0;
  if (key === "End") return last;
  return inNextLine(index, key === "ArrowDown" ? 1 : -1, last, root);
}
