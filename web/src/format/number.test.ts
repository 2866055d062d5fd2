// The figures must be those of the terminal (tests/report/golden/*.txt).
import { expect, it } from "vitest";
import { formatEstimate, formatInterval, formatValue } from "./number";
import { formatBytes, formatCount, formatSeconds, grouped } from "./units";

const metric = (value: number, low: number, high: number, unit = "nat/token") => ({ value, low, high, unit, separated: null });

it.each([
  [metric(0.0601630913, 0.0552270487, 0.0650991339), {}, "0.060 [0.055, 0.065]"],
  [metric(0.00500084939, 0.00497514085, 0.00502655794), {}, "0.005001 [0.004975, 0.005027]"],
  [metric(1.39012068e-5, 1.31929587e-5, 1.46094549e-5), {}, "1.39e-5 [1.32e-5, 1.46e-5]"],
  [metric(1.61e-7, 1.4e-7, 1.9e-7), {}, "1.61e-7 [1.40e-7, 1.90e-7]"],
  [metric(0.00034, 0.00031, 0.00037), {}, "0.000340 [0.000310, 0.000370]"],
  [metric(0.0812083595, 0.0730109914, 0.0894683521, "fraction"), { change: true }, "+8.1 % [7.3, 8.9]"],
  [metric(0.00400869295, 0.00398804387, 0.00402934245, "fraction"), { change: true }, "+0.4009 % [0.3988, 0.4029]"],
  [metric(0.765625, 0.64795593, 0.88329407, "fraction"), {}, "77 % [65, 88]"],
  [metric(0.749999999, 0.728229712, 0.770554312, "fraction"), {}, "75.0 % [72.8, 77.1]"],
  [metric(78, 70.2, 85.8, "1"), {}, "78 [70, 86]"],
])("writes an estimate as the terminal does", (value, style, text) => {
  expect(formatEstimate(value, style)).toBe(text);
});

it("writes the interval alone", () => {
  expect(formatInterval(metric(0.0812, 0.073, 0.0895, "fraction"))).toBe("7.3 to 8.9 %");
  expect(formatInterval(metric(0, 0, 0))).toBe("");
});

it.each([
  [0.00074, {}, "0.00074"],
  [1.246e-6, {}, "1.25e-6"],
  [0.5, { percent: true }, "50 %"],
  [999.96, {}, "1000"],
  [0, { change: true }, "0"],
  [0.25, { percent: true, change: true }, "+25 %"],
])("writes %s", (value, style, text) => {
  expect(formatValue(value, style)).toBe(text);
});

it("writes sizes, counts and times", () => {
  expect(formatBytes(3_400_000)).toBe("3.4 MB");
  expect(formatBytes(1124)).toBe("1.12 kB");
  expect(formatBytes(8_589_934_592)).toBe("8.59 GB");
  expect(formatBytes(512)).toBe("512 B");
  expect(formatCount(26_112)).toBe("26.1 k");
  expect(formatCount(4096)).toBe("4096");
  expect(formatSeconds(94.2)).toBe("94 s");
  expect(formatSeconds(11_100)).toBe("3 h 5 min");
  expect(formatSeconds(-1)).toBe("unknown");
  expect(grouped(20_000)).toBe("20,000");
});
