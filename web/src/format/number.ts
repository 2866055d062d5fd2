// Numbers as the terminal shows them (src/base/units.cpp, src/numeric/format.cpp): as many digits
// as the interval supports, by the rule of the Particle Data Group.
import type { Metric } from "../document/read";

export interface Style {
  percent?: boolean;
  change?: boolean;
  interval?: boolean;
}

const kMostDecimals = 6;
const kSmallestPlain = 0.1;
const kLargestPlain = 1e7;

const exponentOf = (x: number): number => Number(Math.abs(x).toExponential(15).split("e")[1]);

/// "3.0e-06" and "3.0e-6" alike as "3.0e-6".
const shortExponent = (s: string): string => s.replace(/e([+-])0*(\d)/, (_, sign: string, digit: string) => `e${sign === "-" ? "-" : ""}${digit}`);

function withSign(digits: string, value: number, style: Style): string {
  const plus = style.change && value > 0 && /[1-9]/.test(digits) ? "+" : "";
  return `${plus}${digits}${style.percent ? " %" : ""}`;
}

/// As printf's %.3g.
function threeSignificant(x: number): string {
  const exponent = Number(x.toExponential(2).split("e")[1]);
  if (exponent >= -4 && exponent < 3) return String(Number(x.toPrecision(3)));
  return shortExponent(x.toExponential(2).replace(/\.?0+e/, "e"));
}

export function formatValue(value: number, style: Style = {}): string {
  if (!Number.isFinite(value)) return "not a number";
  const shown = style.percent ? 100 * value : value;
  if (shown === 0) return withSign("0", value, style);
  const size = Math.abs(shown);
  const whole = size >= 999.5 && size < kLargestPlain - 0.5;
  return withSign(whole ? shown.toFixed(0) : threeSignificant(shown), value, style);
}

function supportedDecimals(halfWidth: number): number {
  const exponent = exponentOf(halfWidth);
  return halfWidth / 10 ** exponent < 3.55 ? 1 - exponent : -exponent;
}

function rounded(value: number, decimals: number): string {
  const unit = 10 ** -decimals;
  if (Math.abs(value) < unit / 2)
    return (0).toFixed(decimals > kMostDecimals ? 0 : Math.max(decimals, 0));
  const small = Math.abs(value) < kSmallestPlain;
  if ((decimals > kMostDecimals && small) || Math.abs(value) >= kLargestPlain) {
    const digits = Math.min(Math.max(exponentOf(value) + decimals, 0), 15);
    return shortExponent(value.toExponential(digits));
  }
  const kept = decimals < 0 ? Math.round(value / unit) * unit : value;
  return kept.toFixed(Math.min(Math.max(decimals, 0), 20));
}

export function formatEstimate(m: Metric, style: Style = {}): string {
  const percent = style.percent ?? m.unit === "fraction";
  const full = { ...style, percent };
  const scale = percent ? 100 : 1;
  if (m.low === null || m.high === null) return formatValue(m.value, full);
  const half = (scale * (m.high - m.low)) / 2;
  if (!Number.isFinite(half) || half <= 0) return formatValue(m.value, full);
  const decimals = supportedDecimals(half);
  const value = withSign(rounded(scale * m.value, decimals), m.value, full);
  if (style.interval === false) return value;
  return `${value} [${rounded(scale * m.low, decimals)}, ${rounded(scale * m.high, decimals)}]`;
}

/// Only the interval: "0.055 to 0.065".
export function formatInterval(m: Metric, style: Style = {}): string {
  if (m.low === null || m.high === null || m.high <= m.low) return "";
  const brackets = /\[(.*), (.*)\]/.exec(formatEstimate(m, style));
  const unit = (style.percent ?? m.unit === "fraction") ? " %" : "";
  return brackets ? `${brackets[1]} to ${brackets[2]}${unit}` : "";
}
