// Layer against class of tensor: where in the model the error is.
import { useState } from "preact/hooks";
import { clipped } from "../format/visible";
import { Scroller } from "../ui/table";
import { useRoving } from "../ui/roving";
import { useWidth } from "../ui/width";
import { colourOf, kScales, shade, type Colour, type Tensor } from "./tensors";

const kRow = 20;
const kNames = 104;

export function HeatMap({ tensors, colour }: { tensors: Tensor[]; colour: Colour }) {
  const [box, width] = useWidth<HTMLDivElement>();
  const [pointed, setPointed] = useState("");
  const inLayers = tensors.filter((tensor) => tensor.layer !== null && tensor[colour] !== null);
  const classes = [...new Set(inLayers.map((tensor) => tensor.group))];
  const layers = [...new Set(inLayers.map((tensor) => tensor.layer ?? 0))].sort((a, b) => a - b);
  const cells = inLayers
    .map((tensor) => ({ tensor, row: classes.indexOf(tensor.group), column: layers.indexOf(tensor.layer ?? 0) }))
    .sort((a, b) => a.row - b.row || a.column - b.column);
  const roving = useRoving((index, key) => {
    const here = cells[index];
    if (!here) return null;
    if (key === "ArrowLeft") return Math.max(0, index - 1);
    if (key === "ArrowRight") return Math.min(cells.length - 1, index + 1);
    if (key === "Home") return cells.findIndex((cell) => cell.row === here.row);
    if (key === "End") return cells.findLastIndex((cell) => cell.row === here.row);
    const row = here.row + (key === "ArrowDown" ? 1 : -1);
    const found = cells.findIndex((cell) => cell.row === row && cell.column >= here.column);
    return found < 0 ? index : found;
  });
  if (cells.length === 0) return <p class="dim">No tensor in a layer has this figure.</p>;
  const step = Math.max(8, Math.min(36, (width - kNames - 2) / layers.length));
  const every = Math.ceil(26 / step);
  return (
    <div ref={box} class="chart">
      <Scroller label="Layer against class of tensor">
        <svg
          width={kNames + step * layers.length + 2}
          height={kRow * classes.length + 22}
          class="heat"
          tabindex={-1}
          role="group"
          aria-label="Layer against class of tensor. Arrow keys move."
          ref={(element) => { roving.root.current = element; }}
          onKeyDown={roving.onKeyDown}
          onFocusIn={roving.onFocusIn}
        >
          {classes.map((name, i) => (
            <text key={name} class="tick" x={kNames - 8} y={i * kRow + 14} text-anchor="end">{clipped(name, 15)}</text>
          ))}
          {layers.map((layer, i) =>
            i % every === 0 ? (
              <text key={layer} class="tick" x={kNames + (i + 0.5) * step} y={kRow * classes.length + 15} text-anchor="middle">{layer}</text>
            ) : null,
          )}
          {cells.map(({ tensor, row, column }, i) => {
            const said = `layer ${tensor.layer}, ${tensor.group}: ${tensor.type}, ${kScales[colour].title} ${colourOf(tensor, colour)}`;
            return (
              <g key={i} class={`mark cell ${shade(tensor, colour)}`} role="img" aria-label={said} {...roving.itemProps(i)} onMouseEnter={() => setPointed(said)} onFocus={() => setPointed(said)}>
                <rect x={kNames + column * step} y={row * kRow} width={step - 1} height={kRow - 1} />
              </g>
            );
          })}
        </svg>
      </Scroller>
      <p class="pointed" aria-hidden="true">{pointed || "Columns are layers. Point at a cell, or use the arrow keys."}</p>
    </div>
  );
}
