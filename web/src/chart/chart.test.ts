import { expect, it } from "vitest";
import { placeLabels } from "./labels";
import { notSeparated, rungsOf } from "./rungs";
import { linearAxis, logAxis } from "./scale";

const rung = (candidate: string, file_bytes: number, low: number, high: number) => ({
  candidate, file_bytes, marks: [], kld_mean: { value: (low + high) / 2, low, high, unit: "nat/token" },
});

it("joins neighbours by size whose intervals overlap", () => {
  const rungs = rungsOf({ rungs: [rung("b", 2, 0.4, 0.6), rung("a", 1, 0.5, 0.8), rung("c", 3, 0.1, 0.2)] });
  expect(notSeparated(rungs, (one) => one.fileBytes).map((pair) => pair.map((one) => one.name))).toEqual([["a", "b"]]);
});

it("puts names where they cover nothing", () => {
  const points = [0, 12, 24].map((y) => ({ x: 100, y: 60 + y, width: 60, reach: 4 }));
  const places = placeLabels(points, [], { x: 0, y: 0, width: 300, height: 200 });
  for (const [i, a] of places.entries())
    for (const b of places.slice(i + 1)) {
      const apart = a.x + a.width <= b.x || b.x + b.width <= a.x || a.y + a.height <= b.y || b.y + b.height <= a.y;
      expect(apart).toBe(true);
    }
});

it("keeps every value on its axis", () => {
  const axis = logAxis([0, 1e-9, 0.001, 0.5]);
  expect(axis.at(0)).toBe(0);
  expect(axis.at(1e9)).toBe(1);
  expect(axis.at(0.5)).toBeLessThan(1);
  expect(logAxis([]).at(3)).toBeLessThanOrEqual(1);
  expect(linearAxis(0, 1, true).ticks.map((tick) => tick.label)).toEqual(["0 %", "20 %", "40 %", "60 %", "80 %", "100 %"]);
});
