import { expect, it } from "vitest";
import { absent, at, fileName, list, metric, number, text, type Json } from "./read";

it("finds nothing where nothing is", () => {
  const document: Json = { a: [{ b: 1 }] };
  expect(at(document, "a", 0, "b")).toBe(1);
  expect(at(document, "a", 7, "b")).toBeNull();
  expect(at(document, "constructor", "name")).toBeNull();
  expect(at("text", "length")).toBeNull();
  expect(list(document)).toEqual([]);
  expect(number("3")).toBeNull();
  expect(text(3)).toBe("");
});

it("knows why a value is not there", () => {
  expect(absent(null)).toBe("not in this report");
  expect(absent({ absent: "too few texts" })).toBe("too few texts");
  expect(absent(0)).toBeNull();
});

it("reads a metric with and without an interval", () => {
  expect(metric({ value: 1, low: 0.5, high: 2, unit: "1" })).toMatchObject({ low: 0.5, high: 2 });
  expect(metric({ value: 1, interval: "absent", unit: "1" })).toMatchObject({ value: 1, low: null, high: null });
  expect(metric({ absent: "no" })).toBeNull();
  expect(metric({ value: 1, low: 0.5 })).toMatchObject({ low: null, high: null });
});

it("names a file", () => {
  expect(fileName("a/b/c.gguf")).toBe("c.gguf");
  expect(fileName("folder/")).toBe("folder");
  expect(fileName("/")).toBe("/");
});
