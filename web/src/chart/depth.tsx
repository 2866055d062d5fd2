// KLD by the position in the window: one line for each cause that was measured alone.
import { scaleLog } from "d3-scale";
import { line, symbol, symbolCircle, symbolDiamond, symbolSquare, symbolStar, symbolTriangle } from "d3-shape";
import { at, label, list, metric, number, text, type Json, type Metric } from "../document/read";
import { formatEstimate, formatValue } from "../format/number";
import { formatCount } from "../format/units";
import { AsTable } from "../ui/table";
import { useWidth } from "../ui/width";
import { highOf, lowOf } from "./rungs";
import { logAxis } from "./scale";

interface Point {
  from: number;
  to: number;
  kld: Metric;
}
interface Series {
  of: string;
  title: string;
  points: Point[];
}

const kSymbols = [symbolCircle, symbolSquare, symbolTriangle, symbolDiamond, symbolStar];
const kKnown = ["as_run", "weights", "cache", "cache_k", "cache_v"];
const kHeight = 280;
const kMargin = { top: 10, right: 26, bottom: 40, left: 52 };

const indexOf = (of: string): number => Math.max(0, kKnown.indexOf(of));
const glyph = (of: string): string => symbol(kSymbols[indexOf(of)], 72)() ?? "";

export function seriesOf(depth: Json): Series[] {
  return list(depth)
    .map((one) => ({
      of: text(at(one, "of")),
      title: label(at(one, "title")) || text(at(one, "of")),
      points: list(at(one, "buckets")).flatMap((bucket) => {
        const from = number(at(bucket, "low"));
        const to = number(at(bucket, "high"));
        const kld = metric(at(bucket, "kld_mean"));
        return from !== null && to !== null && kld ? [{ from, to, kld }] : [];
      }),
    }))
    .filter((series) => series.points.length > 0);
}

export function Depth({ depth }: { depth: Json }) {
  const [box, width] = useWidth<HTMLDivElement>();
  const series = seriesOf(depth);
  const all = series.flatMap((one) => one.points);
  if (all.length === 0) return <p class="dim">Not measured by position.</p>;
  const axis = logAxis(all.flatMap(({ kld }) => [lowOf(kld), highOf(kld)]));
  const bottom = kHeight - kMargin.bottom;
  const y = (value: number): number => bottom - axis.at(value) * (bottom - kMargin.top);
  const edges = [...new Set(all.flatMap((p) => [Math.max(p.from, 1), p.to]))].sort((a, b) => a - b);
  const x = scaleLog()
    .base(2)
    .domain([edges[0] ?? 1, edges[edges.length - 1] ?? 2])
    .range([kMargin.left, width - kMargin.right]);
  const middle = (p: Point): number => x(Math.sqrt(Math.max(p.from, 1) * p.to));
  const shift = (i: number): number => (i - (series.length - 1) / 2) * 6;
  return (
    <>
      <ul class="legend">
        {series.map((one) => (
          <li key={one.of}>
            <svg width="18" height="18" class={`series s${indexOf(one.of)}`} aria-hidden="true">
              <path class="glyph" d={glyph(one.of)} transform="translate(9 9)" />
            </svg>
            {one.title}
          </li>
        ))}
      </ul>
      <div class="chart" ref={box}>
        <svg width={width} height={kHeight} role="img" aria-label="KLD by position in the window. The table below has the same figures.">
          {axis.ticks.map((tick) => (
            <g key={tick.at}>
              <line class="grid" x1={kMargin.left} x2={width - kMargin.right} y1={bottom - tick.at * (bottom - kMargin.top)} y2={bottom - tick.at * (bottom - kMargin.top)} />
              <text class="tick" x={kMargin.left - 6} y={bottom - tick.at * (bottom - kMargin.top) + 4} text-anchor="end">{tick.label}</text>
            </g>
          ))}
          {edges.map((edge) => (
            <g key={edge}>
              <line class="grid" x1={x(edge)} x2={x(edge)} y1={bottom} y2={bottom + 5} />
              <text class="tick" x={x(edge)} y={bottom + 18} text-anchor="middle">{formatCount(edge)}</text>
            </g>
          ))}
          <text class="axis-name" x={width - kMargin.right} y={bottom + 36} text-anchor="end">position in the window →</text>
          <text class="axis-name" x={kMargin.left} y={bottom + 36}>↑ KLD, log axis</text>
          {series.map((one, i) => (
            <g key={one.of} class={`series s${indexOf(one.of)}`}>
              <path class="line" d={line<Point>((p) => middle(p) + shift(i), (p) => y(p.kld.value))(one.points) ?? ""} />
              {one.points.map((p, j) => (
                <g key={j} class="mark">
                  <title>{`${one.title}, positions ${p.from} to ${p.to - 1}: KLD ${formatEstimate(p.kld)}`}</title>
                  <line class="whisker" x1={middle(p) + shift(i)} x2={middle(p) + shift(i)} y1={y(lowOf(p.kld))} y2={y(highOf(p.kld))} />
                  <path class="glyph" d={glyph(one.of)} transform={`translate(${middle(p) + shift(i)} ${y(p.kld.value)})`} />
                </g>
              ))}
            </g>
          ))}
        </svg>
      </div>
      <AsTable
        caption="KLD by position"
        columns={[{ title: "Of" }, { title: "Positions", numeric: true }, { title: "KLD", numeric: true }]}
        rows={series.flatMap((one) =>
          one.points.map((p) => [one.title, `${formatValue(p.from)} to ${formatValue(p.to - 1)}`, formatEstimate(p.kld)]),
        )}
      />
    </>
  );
}
