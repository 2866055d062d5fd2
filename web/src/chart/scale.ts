// Axes for figures that span powers of ten (KLD) or begin at 0 (shares).
import { scaleLinear, scaleLog } from "d3-scale";
import { formatValue } from "../format/number";

export interface Axis {
  /// 0 to 1 along the axis; values outside are put at its ends.
  at: (value: number) => number;
  ticks: { at: number; label: string }[];
}

const kSmallest = 1e-7;  // a KLD below this is drawn at the end of the axis

export function linearAxis(low: number, high: number, percent: boolean, count = 4): Axis {
  const scale = scaleLinear().domain([low, high]).nice(count).clamp(true);
  return {
    at: (value) => scale(value),
    ticks: scale.ticks(count).map((tick) => ({
      at: scale(tick),
      label: formatValue(Number(tick.toPrecision(6)), { percent }),
    })),
  };
}

export function logAxis(values: number[], most = 5): Axis {
  const positive = values.filter((value) => value >= kSmallest);
  const lowest = positive.length > 0 ? Math.min(...positive) : 1e-4;
  const highest = positive.length > 0 ? Math.max(...positive) : 1;
  const scale = scaleLog()
    .domain([lowest / 1.4, Math.max(highest, lowest * 4) * 1.4])
    .clamp(true);
  const [from = lowest, to = highest] = scale.domain();
  const powers: number[] = [];
  for (let power = Math.ceil(Math.log10(from)); 10 ** power <= to; ++power) powers.push(10 ** power);
  const every = Math.ceil(powers.length / most);
  const few = powers.length < 2;
  const ticks = few ? scale.ticks(3).filter((t) => /^[125]/.test(t.toExponential(0))) : powers;
  return {
    at: (value) => scale(Math.max(value, from)),
    ticks: ticks
      .filter((_, i) => few || i % every === 0)
      .map((tick) => ({ at: scale(tick), label: formatValue(Number(tick.toPrecision(6))) })),
  };
}
