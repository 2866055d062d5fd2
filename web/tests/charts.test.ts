// The marks of each chart are as many as the document has figures.
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Browser } from "playwright-core";
import { launch, open, type Opened } from "./browser";
import { diagnose } from "./fixtures/diagnose";

let browser: Browser;
let opened: Opened;
beforeAll(async () => {
  browser = await launch();
  opened = await open(browser, diagnose());
});
afterAll(async () => {
  await opened.close();
  await browser.close();
});

const count = (selector: string): Promise<number> => opened.page.locator(selector).count();

it("draws every figure once", async () => {
  expect(await count("#checks .check")).toBe(5);
  expect(await count("#checks .missing li")).toBe(2);
  expect(await count(".figures .figure")).toBe(5);
  expect(await count("#causes .mark .bar")).toBe(2);
  expect(await count("#causes .mark.arrow")).toBe(6);
  expect(await count("#ladder .mark.point")).toBe(7);
  expect(await count("#ladder .mark.point.yours")).toBe(1);
  expect(await count("#ladder .mark.point.pick")).toBe(1);
  expect(await count("#ladder .chart .joined")).toBe(1);
  expect(await count("#ladder .floor")).toBe(1);
  expect(await count("#where .chart .series .mark")).toBe(4 * 7);
  expect(await count("#where table.rows .mark")).toBe(4 + 5);
  expect(await count("#weights .icicle .cell")).toBe(1 + 32 + 32 * 9 + 3);
  expect(await count("#weights .heat .cell")).toBe(32 * 7);
  expect(await count("#text .running .token")).toBe(512);
  expect(await count("#text .worst li")).toBe(20);
  expect(await count("#texts .pair")).toBe(2);
});

it("shows memory in place of the file", async () => {
  await opened.page.getByText("Memory (file and cache)").click();
  await expect.poll(() => opened.page.locator("#ladder .axis-name").first().textContent()).toContain("memory with cache");
});

it("opens a layer, and goes back", async () => {
  await opened.page.locator("#weights .icicle .cell.inner").nth(3).click();
  await expect.poll(() => count("#weights .icicle .cell")).toBe(10);
  await opened.page.keyboard.press("Escape");
  await opened.page.locator("#weights .icicle .cell.inner").first().click();
  await expect.poll(() => count("#weights .icicle .cell")).toBe(324);
});

it("tells what a tensor has", async () => {
  await opened.page.locator("#weights .heat .cell").first().hover();
  await expect.poll(() => opened.page.locator("#weights .pointed").last().textContent()).toContain("layer 0, attn_q: Q2_K");
});

it("marks the first difference and the loop", async () => {
  expect(await count("#texts .first")).toBe(4);
  expect(await count("#texts .loop")).toBe(9);
});

it("fits a phone without scrolling sideways", async () => {
  await opened.page.setViewportSize({ width: 390, height: 844 });
  const wide = await opened.page.evaluate("document.documentElement.scrollWidth");
  expect(wide).toBeLessThanOrEqual(390);
});
