// A table with a graphic in each row: the names and numbers are the table's own text, so nothing
// overlaps and everything can be read aloud.
import type { ComponentChildren } from "preact";
import { Scroller } from "../ui/table";
import type { Axis } from "./scale";

export interface Row {
  name: ComponentChildren;
  graphic: ComponentChildren;
  figures: ComponentChildren[];
}

interface Props {
  caption: string;
  columns: [name: string, ...figures: string[]];
  axis?: Axis;
  rows: Row[];
}

export const percentOf = (at: number): string => `${(100 * at).toFixed(2)}%`;

export function Rows({ caption, columns, axis, rows }: Props) {
  return (
    <Scroller label={caption}>
      <table class="rows" role="table">
        <caption class="hidden">{caption}</caption>
        <thead role="rowgroup">
          <tr role="row">
            <th scope="col" role="columnheader">{columns[0]}</th>
            <td class="graphic" role="cell">{axis && <Ticks axis={axis} />}</td>
            {columns.slice(1).map((title) => (
              <th scope="col" role="columnheader" class="numeric" key={title}>
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody role="rowgroup">
          {rows.map((row, i) => (
            <tr key={i} role="row">
              <th scope="row" role="rowheader">{row.name}</th>
              <td class="graphic" role="cell">
                <svg class="strip" height="22" aria-hidden="true">
                  {axis?.ticks.map((tick) => (
                    <line key={tick.at} class="grid" x1={percentOf(tick.at)} x2={percentOf(tick.at)} y1="0" y2="22" />
                  ))}
                  {row.graphic}
                </svg>
              </td>
              {row.figures.map((figure, j) => (
                <td class="numeric" key={j} role="cell" data-title={columns[j + 1]}>
                  {figure}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </Scroller>
  );
}

function Ticks({ axis }: { axis: Axis }) {
  return (
    <svg class="strip" height="16" aria-hidden="true">
      {axis.ticks.map((tick) => (
        <text
          key={tick.at}
          class="tick"
          x={percentOf(tick.at)}
          y="12"
          text-anchor={tick.at < 0.05 ? "start" : tick.at > 0.95 ? "end" : "middle"}
        >
          {tick.label}
        </text>
      ))}
    </svg>
  );
}

/// A value with its interval.
export function Dot({ at, low, high, kind = "" }: { at: number; low?: number; high?: number; kind?: string }) {
  return (
    <g class={`mark ${kind}`}>
      {low !== undefined && high !== undefined && (
        <g class="whisker">
          <line x1={percentOf(low)} x2={percentOf(high)} y1="11" y2="11" />
          <line x1={percentOf(low)} x2={percentOf(low)} y1="7" y2="15" />
          <line x1={percentOf(high)} x2={percentOf(high)} y1="7" y2="15" />
        </g>
      )}
      <circle cx={percentOf(at)} cy="11" r="4" />
    </g>
  );
}

/// A bar from 0 with the interval of its end.
export function Bar({ at, low, high, kind = "" }: { at: number; low?: number; high?: number; kind?: string }) {
  return (
    <g class={`mark ${kind}`}>
      <rect class="bar" x="0" width={percentOf(at)} y="4" height="14" />
      {low !== undefined && high !== undefined && (
        <g class="whisker over">
          <line x1={percentOf(low)} x2={percentOf(high)} y1="11" y2="11" />
          <line x1={percentOf(low)} x2={percentOf(low)} y1="7" y2="15" />
          <line x1={percentOf(high)} x2={percentOf(high)} y1="7" y2="15" />
        </g>
      )}
    </g>
  );
}

/// From the value before to the one after.
export function Arrow({ from, to, kind = "" }: { from: number; to: number; kind?: string }) {
  const forward = to >= from;
  return (
    <g class={`mark arrow ${kind}`}>
      <line x1={percentOf(from)} x2={percentOf(to)} y1="11" y2="11" />
      <circle class="hollow" cx={percentOf(from)} cy="11" r="4" />
      <svg x={percentOf(to)} y="11" overflow="visible">
        <path d={forward ? "M1 0 L-9 -5 L-9 5 Z" : "M-1 0 L9 -5 L9 5 Z"} />
      </svg>
    </g>
  );
}
