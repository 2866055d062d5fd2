import { expect, it } from "vitest";
import { byPack, statusWord, verdictWord } from "./words";

it("calls a cause likely where the check rests on an estimate", () => {
  expect(statusWord({ id: "tier", status: "cause", estimated: true }).word).toBe("LIKELY");
  expect(statusWord({ id: "tier", status: "cause", estimated: false }).word).toBe("CAUSE");
  expect(statusWord({ id: "not_quant", status: "cause", estimated: false }).word).toBe("NO");
});

it("calls a problem likely where the loss itself is an estimate", () => {
  const found = { verdict: "problem", principal_cause: "tier" };
  expect(verdictWord({ ...found, estimated: true }).word).toBe("LIKELY PROBLEM");
  expect(verdictWord({ ...found, estimated: false }).word).toBe("PROBLEM");
  expect(verdictWord({ verdict: "problem", principal_cause: "not_quant", estimated: true }).word).toBe("PROBLEM");
});

it("knows a reference pack from a server without one", () => {
  expect(byPack({ evidence_level: "L2", reference: { original: "tiny-F16.gguf" } })).toBe(true);
  expect(byPack({ evidence_level: "L2", reference: { absent: "no pack was given" } })).toBe(false);
});
