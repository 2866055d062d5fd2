// Size against KLD: every candidate with its interval, the grades as bands, the noise floor.
import { useState } from "preact/hooks";
import { scaleLinear, scaleLog } from "d3-scale";
import { at, absent, number, text, type Json } from "../document/read";
import { formatEstimate, formatValue } from "../format/number";
import { formatBytes } from "../format/units";
import { clipped } from "../format/visible";
import { Toggle } from "../ui/parts";
import { useWidth } from "../ui/width";
import { kGrades } from "./grades";
import { LadderTable } from "./ladder_table";
import { placeLabels } from "./labels";
import { highOf, lowOf, notSeparated, rungsOf, type Rung } from "./rungs";

type Measure = "file" | "memory";

const kMargin = { top: 12, right: 84, bottom: 40, left: 52 };
const kHeight = 340;
const kStar = "M0 -9 L2.6 -2.9 L9 -2.6 L4 1.6 L5.6 8 L0 4.4 L-5.6 8 L-4 1.6 L-9 -2.6 L-2.6 -2.9 Z";
const kDiamond = "M0 -7 L7 0 L0 7 L-7 0 Z";

const markOf = (rung: Rung): string =>
  rung.marks.includes("pick") ? "pick" : rung.marks.includes("yours") ? "yours" : "other";

const noteOf = (rung: Rung): string => (rung.marks.includes("yours") ? " (yours)" : "");

export function Ladder({ ladder, floor, estimated, silent }: { ladder: Json; floor: number | null; estimated?: boolean; silent?: boolean }) {
  const rungs = rungsOf(ladder);
  const [measure, setMeasure] = useState<Measure>("file");
  const hasMemory = rungs.some((rung) => rung.memoryBytes !== null && rung.memoryBytes !== rung.fileBytes);
  const size = (rung: Rung): number | null => (measure === "file" ? rung.fileBytes : rung.memoryBytes);
  if (rungs.length === 0)
    return <p class="dim">No candidates to compare: {absent(ladder) ?? "none was measured"}.</p>;
  const has = (mark: string): boolean => rungs.some((rung) => rung.marks.includes(mark));
  const memory = number(at(ladder, "memory"));
  return (
    <>
      {!silent && <p>{text(at(ladder, "says"))}</p>}
      {hasMemory && (
        <Toggle<Measure>
          label="Horizontal axis"
          options={[["file", "File"], ["memory", "Memory (file and cache)"]]}
          value={measure}
          onChange={setMeasure}
        />
      )}
      <Plot rungs={rungs} size={size} floor={floor} title={measure === "file" ? "size of the file" : "memory with cache"} />
      <ul class="legend">
        {has("yours") && <li><svg width="18" height="18" aria-hidden="true"><path class="yours" d={kDiamond} transform="translate(9 9)" /></svg>yours</li>}
        {has("pick") && <li><svg width="18" height="18" aria-hidden="true"><path class="pick" d={kStar} transform="translate(9 9)" /></svg>the pick: the first that certainly keeps the limit and fits</li>}
        {notSeparated(rungs, size).length > 0 && (
          <li><svg width="26" height="18" aria-hidden="true"><line class="joined" x1="0" x2="26" y1="9" y2="9" /></svg>joined: not significantly different</li>
        )}
      </ul>
      <LadderTable rungs={rungs} estimated={estimated ?? false} />
      {memory !== null && <p class="dim">Memory: {formatBytes(memory)} (--memory).</p>}
    </>
  );
}

interface PlotProps {
  rungs: Rung[];
  size: (rung: Rung) => number | null;
  floor: number | null;
  title: string;
}

function Plot({ rungs, size, floor, title }: PlotProps) {
  const [box, width] = useWidth<HTMLDivElement>();
  const drawn = rungs.flatMap((rung) => {
    const bytes = size(rung);
    return rung.kld && bytes !== null ? [{ rung, bytes, kld: rung.kld }] : [];
  });
  if (drawn.length === 0) return <p class="dim">No KLD with a size to draw.</p>;
  const values = drawn.flatMap(({ kld }) => [lowOf(kld), kld.value, highOf(kld)]).filter((v) => v > 1e-7);
  if (floor !== null && floor > 0) values.push(floor);
  const right = width - kMargin.right;
  const bottom = kHeight - kMargin.bottom;
  const y = scaleLog()
    .domain([Math.min(...values, 0.02) / 1.6, Math.max(...values, 0.01) * 1.6])
    .range([bottom, kMargin.top])
    .clamp(true);
  const [lowest = 1e-7] = y.domain();
  const yAt = (value: number): number => y(Math.max(value, lowest));
  const sizes = drawn.map(({ bytes }) => bytes);
  const span = Math.max(Math.max(...sizes) - Math.min(...sizes), Math.max(...sizes) * 0.1, 1);
  const x = scaleLinear()
    .domain([Math.max(0, Math.min(...sizes) - 0.12 * span), Math.max(...sizes) + 0.12 * span])
    .range([kMargin.left, right]);
  const points = drawn.map(({ rung, bytes, kld }) => {
    const label = clipped(rung.name, 26) + noteOf(rung);
    const reach = (yAt(lowOf(kld)) - yAt(highOf(kld))) / 2;
    return { rung, kld, bytes, label, x: x(bytes), y: yAt(kld.value), width: 7.2 * label.length, reach };
  });
  const places = placeLabels(
    points,
    points.map((p) => ({ x: p.x - 8, y: yAt(highOf(p.kld)) - 2, width: 16, height: yAt(lowOf(p.kld)) - yAt(highOf(p.kld)) + 4 })),
    { x: kMargin.left, y: kMargin.top, width: right - kMargin.left, height: bottom - kMargin.top },
  );
  const decades = y.ticks().filter((tick) => /^1e/.test(tick.toExponential()));
  return (
    <div class="chart" ref={box}>
      <svg width={width} height={kHeight} role="img" aria-label={`KLD against ${title}, ${drawn.length} candidates. The table below has the same figures.`}>
        {kGrades.map((grade, i) => {
          const from = yAt(Math.max(grade.from, lowest));
          const to = yAt(Number.isFinite(grade.to) ? grade.to : (y.domain()[1] ?? 1));
          if (from - to < 1) return null;
          return (
            <g key={grade.name}>
              <rect class={`grade g${i}`} x={kMargin.left} width={Math.max(0, right - kMargin.left)} y={to} height={from - to} />
              {from - to > 13 && <text class="grade-name" x={right + 6} y={(from + to) / 2 + 4}>{grade.name}</text>}
            </g>
          );
        })}
        {decades.map((tick) => (
          <g key={tick}>
            <line class="grid" x1={kMargin.left} x2={right} y1={y(tick)} y2={y(tick)} />
            <text class="tick" x={kMargin.left - 6} y={y(tick) + 4} text-anchor="end">{formatValue(tick)}</text>
          </g>
        ))}
        {x.ticks(Math.max(2, Math.floor(width / 95))).map((tick) => (
          <text key={tick} class="tick" x={x(tick)} y={bottom + 18} text-anchor="middle">{formatBytes(tick)}</text>
        ))}
        <text class="axis-name" x={right} y={bottom + 36} text-anchor="end">{title} →</text>
        <text class="axis-name" x={kMargin.left} y={bottom + 36}>↑ KLD, log axis</text>
        {floor !== null && floor > lowest && (
          <g class="floor">
            <line x1={kMargin.left} x2={right} y1={yAt(floor)} y2={yAt(floor)} />
            <text class="tick" x={right - 4} y={yAt(floor) - 5} text-anchor="end">noise floor</text>
          </g>
        )}
        {notSeparated(rungs, size).map(([a, b], i) => (
          <line key={i} class="joined" x1={x(size(a) ?? 0)} x2={x(size(b) ?? 0)} y1={yAt(a.kld?.value ?? 0)} y2={yAt(b.kld?.value ?? 0)} />
        ))}
        {points.map((point, i) => {
          const kind = markOf(point.rung);
          const place = places[i];
          return (
            <g key={i} class={`mark point ${kind}`}>
              <title>{`${clipped(point.rung.name, 80)}: ${formatBytes(point.bytes)}, KLD ${formatEstimate(point.kld)}`}</title>
              <line class="whisker" x1={point.x} x2={point.x} y1={yAt(lowOf(point.kld))} y2={yAt(highOf(point.kld))} />
              {kind === "other" ? (
                <circle cx={point.x} cy={point.y} r="5" />
              ) : (
                <path d={kind === "pick" ? kStar : kDiamond} transform={`translate(${point.x} ${point.y})`} />
              )}
              {place && (
                <text class="point-name" y={place.y + 12} text-anchor={place.anchor} x={place.anchor === "start" ? place.x : place.anchor === "end" ? place.x + place.width : place.x + place.width / 2}>
                  {point.label}
                </text>
              )}
            </g>
          );
        })}
      </svg>
    </div>
  );
}
