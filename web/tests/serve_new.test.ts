// A run from the form to its report, and what the form says.
import { expect, it } from "vitest";
import { benchOfEachTest } from "./bench";
import { diagnosis, sayBeginning, sayMiddle } from "./fixtures/serve";
import { golden } from "./report_file";

const bench = benchOfEachTest();

it("runs a job by keyboard alone, from the file to the report", async () => {
  bench.server.onCreate = (job) => sayBeginning(bench.server, job.id);
  await bench.open();
  expect(bench.page.url()).toBe(`${bench.server.origin}/`); // the token is not in the address bar
  await bench.page.locator(".entry").nth(2).waitFor();
  await bench.tabTo(/^·\s*tiny-Q2_K/);
  await bench.page.keyboard.press("Enter");
  await expect.poll(bench.focused).toBe("Change: Model");
  await bench.page.locator(".offers").waitFor();
  await bench.tabTo(/^Use tiny-F16.gguf as original/);
  await bench.page.keyboard.press("Enter");
  await expect.poll(bench.focused).toBe("Change: Original");
  await bench.accessible("form");
  await bench.tabTo(/^Diagnose$/);
  await bench.page.keyboard.press("Enter");
  await expect.poll(() => bench.page.locator(".live-checks .waiting").count()).toBe(4);
  expect(bench.server.posted).toEqual([{ command: "diagnose", candidate: "tiny-Q2_K.gguf", baseline: "tiny-F16.gguf" }]);
  await expect.poll(bench.focused).toContain("diagnose tiny-Q2_K.gguf");
  expect(await bench.text(".now")).toContain("Step 2 of 7: measuring candidate");
  expect(await bench.page.locator(".plan .current").innerText()).toContain("step 2, loss");

  sayMiddle(bench.server, "made0");
  await expect.poll(() => bench.page.locator(".live-checks .waiting").count()).toBe(1);
  expect(await bench.page.locator(".live-checks li.bad").innerText()).toMatch(/Quant type too aggressive\s+CAUSE/);
  expect(await bench.page.locator(".live [role=status]").textContent()).toContain("Quant type too aggressive: CAUSE.");
  expect(await bench.text(".live")).toContain("KLD 0.0588 [0.0558, 0.0618]");
  await expect.poll(() => bench.text(".now")).toContain("12 of 48");
  await bench.accessible("live");

  bench.server.end("made0", { status: "done", verdict: "problem", document: diagnosis() });
  await expect.poll(() => bench.page.locator("h1 .badge").count()).toBe(1);
  expect(await bench.text("h1")).toContain("PROBLEM");
  expect(await bench.page.locator("#checks .check").count()).toBeGreaterThan(3);
  const saving = bench.page.waitForEvent("download");
  await bench.tabTo(/^Download Markdown$/);
  await bench.page.keyboard.press("Enter");
  expect((await saving).suggestedFilename()).toBe("qualm-made0.md");
  expect(bench.page.url()).toBe(`${bench.server.origin}/#job=made0`);

  // An anchor of the report is no view of its own; back and forward lead through views.
  await bench.page.locator(".contents a").first().click();
  expect(await bench.page.locator("#checks").count()).toBe(1);
  await bench.page.reload();
  await expect.poll(() => bench.page.locator("#checks").count()).toBe(1);
  await bench.page.goBack();
  await bench.page.goBack();
  await expect.poll(() => bench.text("h1")).toContain("Find out why");
  await bench.page.goForward();
  await expect.poll(() => bench.text("h1")).toContain("PROBLEM");
});

it("shows an error at its field", async () => {
  bench.server.refusal = { expected: "a number of tokens, 1 to 1048576", found: "0", place: "ctx_size", advice: "Give 512." };
  await bench.open();
  await bench.page.getByRole("button", { name: "tiny-Q2_K.gguf" }).click();
  await bench.page.getByRole("button", { name: "Diagnose" }).click();
  await expect.poll(() => bench.page.locator("#serve-ctx_size-problem").innerText()).toContain("Expected a number of tokens, 1 to 1048576, found 0.");
  expect(await bench.page.evaluate("document.activeElement.id")).toBe("serve-ctx_size");
  expect(await bench.text("#serve-ctx_size-problem")).toMatch(/Give 512\.[^]*SERVE-010/);
  bench.server.refusal = { code: "SERVE-012", file: "tiny-Q2_K.gguf", expected: "a file or folder", found: "nothing" };
  await bench.page.getByRole("button", { name: "Diagnose" }).click();
  await expect.poll(() => bench.page.locator("#serve-candidate-problem").count()).toBe(1);
  expect(await bench.page.getByRole("button", { name: "Measure only" }).isDisabled()).toBe(true);
});

it("offers the original that a store has, and takes names", async () => {
  bench.server.models = golden("models");
  await bench.open();
  await bench.page.getByText("Downloaded models (4)").click();
  await bench.page.getByRole("button", { name: /hf:qualm\/tiny-GGUF:Q2_K/ }).click();
  await bench.page.getByRole("button", { name: "Use hf:qualm/tiny-GGUF:F16 as original" }).click();
  await bench.page.getByRole("button", { name: "Measure only" }).click();
  await expect.poll(() => bench.server.posted).toEqual([{ command: "measure", candidate: "hf:qualm/tiny-GGUF:Q2_K", baseline: "hf:qualm/tiny-GGUF:F16" }]);
});
