// The history: open, cancel, resume, remove, compare.
import { expect, it } from "vitest";
import { benchOfEachTest } from "./bench";
import { fillHistory } from "./fixtures/serve";

const bench = benchOfEachTest();

it("cancels, resumes and removes", async () => {
  fillHistory(bench.server);
  await bench.open("#job=gg");
  await bench.page.getByRole("button", { name: "Cancel" }).click();
  await expect.poll(() => bench.text()).toContain("This run was cancelled before it had a report.");
  await bench.page.getByRole("button", { name: "Resume" }).click();
  await expect.poll(() => bench.page.getByRole("button", { name: "Cancel" }).count()).toBe(1);
  expect(bench.server.find("gg")?.status).toBe("running");
  await bench.go("#job=hh");
  await expect.poll(() => bench.text(".now")).toBe("This run waits for 1 other.");
  await bench.go("#job=dd");
  await expect.poll(() => bench.text(".problem")).toMatch(/killed by signal 9 \(Killed\)\.[^]*less context[^]*main: <b>end<\/b>/);
  await bench.page.getByRole("button", { name: "Remove" }).click();
  await expect.poll(bench.focused).toBe("Keep");
  await bench.accessible("failed");
  await bench.page.getByRole("button", { name: "Remove it" }).click();
  await expect.poll(() => bench.text("h1")).toBe("Runs");
  await expect.poll(() => bench.page.locator(".run").count()).toBe(7);
});

it("reopens the history and compares two runs", async () => {
  fillHistory(bench.server);
  await bench.open("#runs");
  await expect.poll(() => bench.page.locator(".run").count()).toBe(8);
  expect(await bench.page.locator(".run").first().innerText()).toContain("queued");
  await bench.accessible("runs");
  await bench.page.getByRole("checkbox", { name: /diagnose tiny-Q2_K.gguf/ }).check();
  await bench.page.getByRole("checkbox", { name: /diagnose tiny-Q6_K.gguf/ }).check();
  await bench.page.getByRole("button", { name: "Compare two runs" }).click();
  await expect.poll(() => bench.page.locator(".side-by-side tbody").count()).toBeGreaterThan(3);
  const row = (name: string) => bench.page.locator(".side-by-side tr", { has: bench.page.getByRole("rowheader", { name, exact: true }) }).first().innerText();
  expect(await row("verdict")).toMatch(/PROBLEM\s+HEALTHY\s+≠ differs/);
  expect(await row("KLD")).toMatch(/0\.080 \[0\.075, 0\.086\]\s+0\.00201 \[0\.00184, 0\.00217\]\s+≠ differs\s+intervals apart/);
  expect(await row("Architecture")).toMatch(/cleared\s+cleared\s+same/);
  await bench.accessible("compare");
  const rows = await bench.page.locator(".side-by-side tbody tr").count();
  await bench.page.getByLabel("Only what differs").check();
  await expect.poll(() => bench.page.locator(".side-by-side tbody tr").count()).toBeLessThan(rows);
  await bench.page.setViewportSize({ width: 390, height: 844 });
  for (const hash of ["#runs", "#new", "#job=gg", "#job=dd", "#job=aa"]) {
    await bench.go(hash);
    await bench.page.waitForTimeout(300);
    expect(await bench.page.evaluate("document.documentElement.scrollWidth"), hash).toBeLessThanOrEqual(390);
  }
});
