// Sizes, counts and times as the terminal shows them (src/base/units.cpp). 1 MB = 10^6 bytes.
function threeDigits(value: number): string {
  const size = Math.abs(value);
  if (size >= 99.95) return value.toFixed(0);
  if (size >= 9.995) return value.toFixed(1);
  return value.toFixed(2).replace(/0$/, "");
}

function scaled(value: number, units: string[]): string {
  let unit = 0;
  while (Math.abs(value) >= 999.5 && unit + 1 < units.length) {
    value /= 1000;
    ++unit;
  }
  return `${threeDigits(value)} ${units[unit] ?? ""}`.trim();
}

export const formatBytes = (bytes: number): string =>
  Math.abs(bytes) < 1000
    ? `${Math.round(bytes)} B`
    : scaled(bytes, ["B", "kB", "MB", "GB", "TB", "PB"]);

export const formatCount = (count: number): string =>
  Math.abs(count) < 10_000 ? `${Math.round(count)}` : scaled(count, ["", "k", "M", "B", "T"]);

export function formatSeconds(seconds: number): string {
  if (!Number.isFinite(seconds) || seconds < 0) return "unknown";
  if (seconds < 0.9995) return `${(1000 * seconds).toFixed(0)} ms`;
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  if (seconds < 119.5) return `${seconds.toFixed(0)} s`;
  const minutes = Math.floor(Math.min(seconds / 60 + 0.5, 1e9));
  return minutes < 120 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/// "20,000": the same in every language of the browser.
export const grouped = (count: number): string =>
  Math.round(count).toString().replace(/\B(?=(\d{3})+(?!\d))/g, ",");
