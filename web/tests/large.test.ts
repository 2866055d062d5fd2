// A report of 80 layers and 20,000 tokens: small enough to send, fast enough to open.
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Browser } from "playwright-core";
import { launch, openText } from "./browser";
import { diagnose, kLarge } from "./fixtures/diagnose";
import { page, reportFile } from "./report_file";

let browser: Browser;
beforeAll(async () => { browser = await launch(); });
afterAll(() => browser.close());

it("opens under 2 s and has less than 8 MB", async () => {
  const html = reportFile(diagnose(kLarge));
  expect(html.length).toBeLessThan(8_000_000);
  const opened = await openText(browser, html);
  // The processor's time of the page, which other work on the machine does not lengthen.
  const tools = await opened.page.context().newCDPSession(opened.page);
  await tools.send("Performance.enable", { timeDomain: "threadTicks" });
  const spent = async () => {
    const { metrics } = await tools.send("Performance.getMetrics");
    return 1000 * (metrics.find(({ name }) => name === "TaskDuration")?.value ?? Number.NaN);
  };
  const before = await spent();
  await opened.page.reload();
  const waited = Number(await opened.page.evaluate("new Promise((done) => requestAnimationFrame(() => done(performance.now())))"));
  const ready = (await spent()) - before;
  console.log(`${(html.length / 1e6).toFixed(1)} MB, shown after ${ready.toFixed(0)} ms of processor time, ${waited.toFixed(0)} ms on the clock`);
  expect(ready).toBeLessThan(2000);
  expect(await opened.page.locator("#weights .heat .cell").count()).toBe(80 * 7);
  await opened.page.locator("#text .turn select").first().selectOption("30");
  await expect.poll(() => opened.page.locator(".running").getAttribute("aria-label")).toContain("Window 92");
  expect(opened.errors).toEqual([]);
  await opened.close();
});

it("is under 400 kB without a document", () => {
  expect(page().length).toBeLessThan(400_000);
});
