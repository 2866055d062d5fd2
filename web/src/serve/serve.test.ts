import { describe, expect, it } from "vitest";
import { problemOf } from "./client";
import { comparisonOf, overlap } from "./comparison";
import { fileNameOf } from "./downloads";
import { fromRequest, kEmpty, toRequest } from "./draft";
import { fieldOf } from "./field_of";
import { FrameParser } from "./frames";
import { offersFor } from "./hand";
import { after, changes, clock, intervalIn, kNothing, timeLeft } from "./live";
import { routeOf } from "./route";
import { accessToken } from "./token";

describe("the address", () => {
  it("tells an access token from a place in the text", () => {
    const token = "0123456789abcdef0123456789abcdef";
    expect(accessToken(`#token=${token}`)).toBe(token);
    for (const hash of ["#token=12:80", "#token=123456789:123456789", "#token=short", "#job=aa", ""]) expect(accessToken(hash)).toBeNull();
  });
  it("knows the views, and leaves other anchors alone", () => {
    expect(routeOf("")).toEqual({ view: "new" });
    expect(routeOf("#job=0af3")).toEqual({ view: "job", id: "0af3" });
    expect(routeOf("#compare=aa,bb")).toEqual({ view: "compare", a: "aa", b: "bb" });
    for (const hash of ["#checks", "#token=12:80", "#job=", "#job=../x", "#job=<a>"]) expect(routeOf(hash)).toBeNull();
  });
});

describe("the event stream", () => {
  it("is read in any pieces", () => {
    const stream = ': hello\n\nid: 3\nevent: note\ndata: {"line":"a: b"}\n\nid: 4\r\nevent: status\r\ndata: x\r\ndata: y\r\n\r\nid: 5\nevent: cut';
    for (const size of [1, 2, 7, 1000]) {
      const parser = new FrameParser();
      const frames = [];
      for (let i = 0; i < stream.length; i += size) frames.push(...parser.feed(stream.slice(i, i + size)));
      expect(frames).toEqual([{ id: "3", event: "note", data: '{"line":"a: b"}' }, { id: "4", event: "status", data: "x\ny" }]);
    }
  });
});

describe("a job that runs", () => {
  const progress = (done: number, step = "measuring") => ({ step, done, total: 100 });
  it("tells the time left as the terminal does", () => {
    let live = after(kNothing, "progress", progress(20), 0);
    expect(timeLeft(live)).toBe("");
    live = after(live, "progress", progress(40), 10_000);
    expect(timeLeft(live)).toBe("about 0:30 left");
    live = after(live, "step", { number: 2, count: 7, seconds_after: 40 }, 10_000);
    expect(timeLeft(live)).toBe("about 1:10 left");
    live = after(live, "step", { number: 2, count: 7, seconds_after: -1 }, 10_000);
    expect(timeLeft(live)).toBe("this step: at most 0:30 left");
    expect(timeLeft(after(live, "progress", progress(41, "another"), 20_000))).toBe("");
    expect(clock(3725)).toBe("1:02:05");
  });
  it("survives events of another kind, and ignores those it does not know", () => {
    for (const event of ["status", "plan", "so_far", "answers", "step", "progress", "note"])
      for (const data of [null, 3, [], { text: 4, answers: "x", status: [], done: "y" }]) expect(() => after(kNothing, event, data, 0)).not.toThrow();
    expect(after(kNothing, "new_event", {}, 0)).toBe(kNothing);
  });
  it("keeps no more than 20 notes", () => {
    let live = kNothing;
    for (let i = 0; i < 50; ++i) live = after(live, "note", { line: String(i) }, 0);
    expect(live.notes).toHaveLength(20);
  });
  it("reads aloud only what was answered", () => {
    const answers = (status: string) => after(kNothing, "answers", { answers: [{ id: "tier", title: "Type", status, says: "" }] }, 0).checks;
    expect(changes(answers(""), answers("cause"))).toBe("Type: CAUSE.");
    expect(changes(answers("cause"), answers("cause"))).toBe("");
    expect(changes([], answers(""))).toBe("");
  });
  it("draws only an interval that is one", () => {
    expect(intervalIn("so far: KLD 0.0588 [0.0558, 0.0618], grade: small")).toEqual({ value: 0.0588, low: 0.0558, high: 0.0618 });
    for (const says of ["", "so far: nothing", "KLD 1 [2, 3]", "KLD ... [e, -]"]) expect(intervalIn(says)).toBeNull();
  });
});

describe("the form", () => {
  it("sends only what was given and applies", () => {
    const draft = { ...kEmpty, candidate: "a.gguf", baseline: "b.gguf", reference: "c.qref", against: "reference" as const, ctx_size: "256", budget: "1.5" };
    expect(toRequest(draft, "diagnose")).toEqual({ command: "diagnose", candidate: "a.gguf", reference: "c.qref", ctx_size: 256, budget: 90 });
    expect(fromRequest(toRequest(draft, "diagnose"))).toEqual({ ...draft, baseline: "" });
    expect(toRequest({ ...kEmpty, ctx_size: "many" }, "measure")).toEqual({ command: "measure", ctx_size: "many" });
  });
  it("puts an error at the field that it is about", () => {
    const draft = { ...kEmpty, candidate: "a.gguf", text: "t.txt" };
    const at = (error: object) => fieldOf(problemOf({ error: { ...error } }), draft);
    expect(at({ place: "ctx_size" })).toBe("ctx_size");
    expect(at({ file: "t.txt" })).toBe("text");
    expect(at({ file: "other", place: "jobs" })).toBeNull();
    expect(at({ file: "" })).toBeNull();
  });
  it("offers an original of the same folder", () => {
    const entries = ["m-Q4_K.gguf", "m-BF16.gguf", "m.qref", "f16est.gguf"].map((name) => ({ name, kind: name.endsWith("qref") ? "pack" : "model" }));
    expect(offersFor(null, { path: "d", entries }, "d/m-Q4_K.gguf").map(({ value }) => value)).toEqual(["d/m-BF16.gguf", "d/m.qref"]);
    expect(offersFor(null, { path: "e", entries }, "d/m-Q4_K.gguf")).toEqual([]);
  });
});

it("names a download by what the server says, without a path", () => {
  expect(fileNameOf('attachment; filename="qualm-a.gguf.md"', "t", "md")).toBe("qualm-a.gguf.md");
  expect(fileNameOf('attachment; filename="../../.x"', "t", "md")).toBe("x");
  expect(fileNameOf(null, "diagnose a/\u202eb", "json")).toBe("qualm-diagnose-a-b.json");
});

it("compares what two documents say", () => {
  const metric = (value: number, low: number, high: number) => ({ value, low, high, unit: "nat/token" });
  const one = { command: "diagnose", verdict: "problem", loss: { kld_mean: metric(0.08, 0.07, 0.09) }, checks: [{ id: "tier", title: "Type", status: "cause" }] };
  const other = { ...one, verdict: "healthy", loss: { kld_mean: metric(0.085, 0.08, 0.09) }, checks: [{ id: "tier", title: "Type", status: "cleared" }] };
  const rows = comparisonOf(one, other).flatMap(({ pairs }) => pairs);
  expect(rows.find(({ name }) => name === "KLD")).toMatchObject({ differs: true, note: "intervals overlap" });
  expect(rows.find(({ name }) => name === "Type")).toMatchObject({ a: "CAUSE", b: "cleared", differs: true });
  expect(rows.find(({ name }) => name === "command")?.differs).toBe(false);
  expect(overlap(null, null)).toBe("");
  expect(() => comparisonOf([], "x")).not.toThrow();
});
