// Every command's sample document: it opens from disk, says its verdict, asks for nothing, and
// has no serious fault of accessibility in either theme.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Browser } from "playwright-core";
import type { Json } from "../src/document/read";
import { axe, faults } from "./accessible";
import { launch, open } from "./browser";
import { diagnose } from "./fixtures/diagnose";
import { golden } from "./report_file";

const kDocuments: [name: string, document: () => Json, says: string][] = [
  ["diagnose", () => golden("diagnose"), "PROBLEM"],
  ["diagnose, all fields", () => diagnose(), "Q2_K is too aggressive for this model: it causes 75.0 % of the loss."],
  ["diagnose_cache", () => golden("diagnose_cache"), "A q4_0/q4_0 cache has too few bits"],
  ["diagnose_estimated", () => golden("diagnose_estimated"), "LIKELY PROBLEM"],
  ["diagnose_file_only", () => golden("diagnose_file_only"), "CANNOT TELL"],
  ["diagnose_healthy", () => golden("diagnose_healthy"), "HEALTHY"],
  ["diagnose_out_of_time", () => golden("diagnose_out_of_time"), "The time of --budget was up"],
  ["diagnose_by_pack", () => golden("diagnose_by_pack"), "by the reference pack"],
  ["diagnose_by_pack, a cause that is estimated", () => golden("diagnose_by_pack"), "Likely: Q3_K is too aggressive"],
  ["diagnose_symptom", () => golden("diagnose_symptom"), "The quantization does not cause the symptom"],
  ["measure", () => golden("measure"), "is the smallest of these"],
  ["measure_kv", () => golden("measure_kv"), "KLD"],
  ["measure_absent", () => golden("measure_absent"), "tiny"],
  ["compare", () => golden("compare"), "relative error"],
  ["compare_equal", () => golden("compare_equal"), "Classes of tensors"],
  ["clinic", () => golden("clinic"), "Right: 2. Wrong: 1."],
  ["demo", () => golden("demo"), "qualm was right in 1 of 1 case"],
  ["inspect", () => golden("inspect"), "The usual minimum is 4.0."],
  ["inspect_hostile", () => golden("inspect_hostile"), "The file"],
  ["reference", () => golden("reference"), "tiny.qref stands for tiny-F16.gguf"],
  ["models", () => golden("models"), "4 models are on this machine."],
  ["error", () => golden("error"), "Download the file again."],
  ["repair", () => ({ command: "repair", output: "new.gguf", model: { path: "old.gguf" }, changes: [{ key: "a.b", was: "", now: "1" }] }), "new.gguf was written with 1 change."],
  ["a new command", () => ({ command: "new", figure: 42 }), "This page does not know this kind of report."],
  ["nothing but a command", () => ({ command: "diagnose" }), "CANNOT TELL"],
];

/// One of each kind: the others are built of the same parts.
const kExamined = ["diagnose, all fields", "measure", "compare", "clinic", "demo", "inspect", "models", "error"];

let browser: Browser;
beforeAll(async () => { browser = await launch(); });
afterAll(() => browser.close());

describe.each(kDocuments)("%s", (name, document, says) => {
  const examined = kExamined.includes(name);
  it(`opens from disk and says it${examined ? ", in both themes" : ""}`, async () => {
    const opened = await open(browser, document());
    await expect.poll(() => opened.page.locator("main").textContent()).toContain(says);
    if (examined) {
      await opened.page.evaluate(axe);
      expect(await faults(opened.page)).toEqual([]);
      await opened.page.emulateMedia({ colorScheme: "dark" });
      expect(await faults(opened.page, ', runOnly: ["color-contrast"]')).toEqual([]);
    }
    expect(opened.errors).toEqual([]);
    expect(opened.requests).toEqual([]);
    await opened.close();
  });
});

it("shows the whole diagnosis of a case of the demo", async () => {
  const demo = golden("demo") as { patients: object[] };
  const opened = await open(browser, { ...demo, patients: [{ ...demo.patients[0], diagnosis: diagnose() }] } as Json);
  await opened.page.getByText("The whole diagnosis").click();
  await expect.poll(() => opened.page.locator("#case-0-ladder .mark.point").count()).toBe(7);
  expect(await opened.page.locator("#case-0-text .running .token").count()).toBe(512);
  expect(opened.errors).toEqual([]);
  await opened.close();
});

it("shows the tokens and caches of a candidate", async () => {
  const measure = golden("measure_kv") as { results: object[] };
  const opened = await open(browser, { ...measure, results: [{ ...measure.results[0], tokens: diagnose().tokens ?? null }] } as Json);
  await expect.poll(() => opened.page.locator("#text .running .token").count()).toBe(512);
  expect(await opened.page.locator("#candidate .series .mark").count()).toBeGreaterThan(3);
  expect(opened.errors).toEqual([]);
  await opened.close();
});

it("shows the page of serve where there is no document, and asks for nothing without a token", async () => {
  const opened = await open(browser, null);
  await expect.poll(() => opened.page.locator("h1").textContent()).toBe("Open the address that qualm serve printed.");
  expect(opened.requests).toEqual([]);
  await opened.close();
});
