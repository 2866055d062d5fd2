import { expect, it } from "vitest";
import { pieces } from "./texts";
import { firstSentence } from "./verdict";

it("takes the first sentence", () => {
  expect(firstSentence("Q2_K is too aggressive: it causes 75.0 % of the loss. Use Q4_K_M.")).toEqual([
    "Q2_K is too aggressive: it causes 75.0 % of the loss.",
    "Use Q4_K_M.",
  ]);
  expect(firstSentence("One only")).toEqual(["One only", ""]);
});

it("cuts a text at the first difference and at each round of its loop", () => {
  expect(pieces("same 👍 ab ab ", 7, { begin: 7, period: 3 })).toEqual([
    { kind: "shared", text: "same 👍 " },
    { kind: "loop even", text: "ab " },
    { kind: "loop odd", text: "ab " },
  ]);
  expect(pieces("equal", null, null)).toEqual([{ kind: "shared", text: "equal" }]);
  expect(pieces("", 3, { begin: -5, period: 0.5 })).toEqual([]);
});
