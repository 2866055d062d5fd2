// Icicle of the weights: model, layers, tensors; width is bytes. A layer can be opened.
import { useMemo, useState } from "preact/hooks";
import { formatBytes } from "../format/units";
import { clipped } from "../format/visible";
import { inLine, useRoving } from "../ui/roving";
import { useWidth } from "../ui/width";
import { colourOf, kScales, shade, type Colour, type Tensor } from "./tensors";
import { cellsOf, treeOf, type Cell } from "./tree";

const kRow = 44;

function describe({ node, bytes }: Cell, colour: Colour): string {
  const { tensor } = node;
  if (!tensor) return `${clipped(node.name, 80)}: ${formatBytes(bytes)}, ${node.children.length} tensors`;
  return `${clipped(tensor.name, 80)}: ${tensor.type}, ${formatBytes(bytes)}, ${kScales[colour].title} ${colourOf(tensor, colour)}`;
}

export function Icicle({ tensors, colour }: { tensors: Tensor[]; colour: Colour }) {
  const [box, width] = useWidth<HTMLDivElement>();
  const [opened, setOpened] = useState<number | null>(null);
  const [pointed, setPointed] = useState<string>("");
  const root = useMemo(() => treeOf(tensors), [tensors]);
  const shownRoot = root.children.find((child) => opened !== null && child.layer === opened && !child.tensor) ?? root;
  const cells = useMemo(() => cellsOf(shownRoot), [shownRoot]);
  const roving = useRoving(inLine(cells.length));
  const open = (cell: Cell) => {
    if (shownRoot !== root) setOpened(cell.depth === 0 ? null : opened);
    else if (cell.node.layer !== null) setOpened(cell.node.layer);
    roving.setIndex(0);
  };
  const rows = shownRoot === root ? 3 : 2;
  const active = cells[Math.min(roving.index, cells.length - 1)];
  return (
    <div class="chart" ref={box}>
      <svg
        width={width}
        height={rows * kRow}
        class="icicle"
        tabindex={-1}
        role="group"
        aria-label="Weights by size. Arrow keys move, Enter opens a layer, Escape goes back."
        ref={(element) => { roving.root.current = element; }}
        onKeyDown={(event) => {
          if (event.key === "Enter" && active) open(active);
          else if (event.key === "Escape") setOpened(null);
          else roving.onKeyDown(event);
        }}
        onFocusIn={roving.onFocusIn}
      >
        {cells.map((cell, i) => {
          const x = cell.from * width;
          const wide = (cell.to - cell.from) * width;
          const tall = cell.node.tensor && cell.depth === 1 && rows === 3 ? 2 * kRow : kRow;
          const label = cell.depth === 0 && shownRoot !== root ? `← ${cell.node.name}` : cell.node.tensor ? cell.node.tensor.group : cell.node.name;
          const said = describe(cell, colour);
          const every = Math.ceil(26 / Math.max(wide, 0.5));
          const numbered = cell.node.layer !== null && !cell.node.tensor && wide < 52 && cell.node.layer % every === 0;
          const short = cell.node.layer !== null && !cell.node.tensor && wide < 52 ? String(cell.node.layer) : clipped(label, 40);
          return (
            <g
              key={i}
              class={`mark cell ${cell.node.tensor ? shade(cell.node.tensor, colour) : "inner"}`}
              role="button"
              aria-label={said}
              {...roving.itemProps(i)}
              onClick={() => open(cell)}
              onMouseEnter={() => setPointed(said)}
              onFocus={() => setPointed(said)}
            >
              <rect x={x} y={cell.depth * kRow} width={Math.max(wide - (wide > 4 ? 1 : 0.2), 0.4)} height={tall - 1} />
              {(numbered || wide > 7.4 * short.length + 6) && (
                <text x={x + wide / 2} y={cell.depth * kRow + tall / 2 + 4} text-anchor="middle">{short}</text>
              )}
            </g>
          );
        })}
      </svg>
      <p class="pointed" aria-hidden="true">{pointed || "Point at a tensor, or use the arrow keys. Click a layer to open it."}</p>
    </div>
  );
}
