import { expect, it } from "vitest";
import { tint } from "./bands";
import { tokensOf, topOf } from "./data";
import { placeOf } from "./section";
import { quoted, running } from "./token_text";

const tokens = tokensOf({
  floor: 0.001,
  bands: { kld: [0.01, 0.1, 1, 2, 3], delta_p: [0.1, 0.2, 0.3, 0.4, 0.5], share: [0.1, 0.2, 0.3, 0.4, 2] },
  vocabulary: ["a", " b\n", "\u202e"],
  windows: [{ window: 12, tokens: [0, 1, 2, 9], first: 1, kld: [0.0001, 0.5, null], delta_p: [0, -0.25, 0], flip: "010", top_original: [[0, 0.6, 1, 0.2]] }],
  worst: { share: 0.5, tokens: [{ window: 12, token: 2, kld: 0.5, share: 0.02 }] },
});
const window = tokens.windows[0];
if (!window) throw new Error("no window");
const kinds = (mode: "kld" | "flip" | "delta_p" | "share") => [0, 1, 2, 3].map((i) => tint(tokens, window, i, mode));

it("tints by the bands of the document", () => {
  expect(kinds("kld")).toEqual(["context", "quiet", "b2", "context"]);
  expect(kinds("flip")).toEqual(["context", "quiet", "b3", "context"]);
  expect(kinds("delta_p")).toEqual(["context", "quiet", "b2", "context"]);
  expect(kinds("share")).toEqual(["context", "quiet", "b4", "context"]);
});

it("finds the place of an address, and no other", () => {
  expect(placeOf("#token=12:3", tokens)).toEqual({ row: 0, index: 3 });
  for (const hash of ["#token=12:4", "#token=13:0", "#token=12:-1", "#token=1e3:0", "#token=12:3<", ""])
    expect(placeOf(hash, tokens)).toBeNull();
});

it("reads pairs of the most likely tokens", () => {
  expect(topOf(tokens, window.topOriginal[0])).toEqual([{ token: "a", p: 0.6 }, { token: " b\n", p: 0.2 }]);
  expect(topOf(tokens, null)).toEqual([]);
});

it("shows every token", () => {
  expect(running(" b\n")).toEqual({ shown: " b⏎", breaks: 1 });
  expect(running("")).toEqual({ shown: "∅", breaks: 0 });
  expect(quoted(" b\u202e")).toBe("␣b⟨U+202E⟩");
});
