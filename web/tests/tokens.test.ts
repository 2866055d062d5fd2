// The text view, by pointer, by key, and by address.
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Browser, Page } from "playwright-core";
import { launch, open, type Opened } from "./browser";
import { diagnose } from "./fixtures/diagnose";

let browser: Browser;
let opened: Opened;
let page: Page;
beforeAll(async () => {
  browser = await launch();
  opened = await open(browser, diagnose(), {}, "#token=5:100");
  page = opened.page;
});
afterAll(async () => {
  expect(opened.errors).toEqual([]);
  await opened.close();
  await browser.close();
});

const focused = async () => Number(await page.evaluate("document.activeElement.dataset.item"));
const panel = () => page.locator(".panel");

it("opens the token of the address", async () => {
  await expect.poll(() => panel().textContent()).toContain("window 5, depth 100");
  await expect.poll(() => page.evaluate("document.activeElement.dataset.item")).toBe("100");
});

it("shows both top 5 on hover", async () => {
  await page.locator(".running [data-item='90']").hover();
  await expect.poll(() => panel().textContent()).toContain("depth 90");
  expect(await panel().locator(".top").first().locator("li").count()).toBe(5);
  expect(await panel().locator(".top").last().locator("li").count()).toBe(5);
  expect(await panel().textContent()).toMatch(/KLD.*nll.*→.*change of p.*%/);
});

it("moves with the arrow keys, also between lines", async () => {
  await page.locator(".running [data-item='100']").focus();
  await page.keyboard.press("ArrowRight");
  await expect.poll(() => panel().textContent()).toContain("depth 101");
  await page.keyboard.press("ArrowDown");
  await expect.poll(focused).toBeGreaterThan(103);
  await page.keyboard.press("ArrowUp");
  await expect.poll(async () => Math.abs((await focused()) - 101)).toBeLessThanOrEqual(2);
  await page.keyboard.press("End");
  await expect.poll(() => panel().textContent()).toContain("depth 511");
  expect(await page.evaluate("location.hash")).toBe("#token=5:511");
});

it("is one tab stop", async () => {
  expect(await page.locator(".running [tabindex='0']").count()).toBe(1);
});

it("colours by what is chosen", async () => {
  const kinds = async () => page.locator(".running").evaluate((e) => [...e.querySelectorAll(".token")].map((t) => t.className).join());
  const before = await kinds();
  await page.getByText("Change of p", { exact: true }).first().click();
  await expect.poll(kinds).not.toBe(before);
  expect(await kinds()).toContain("token r");
  await page.getByText("Share of the loss", { exact: true }).first().click();
  await expect.poll(kinds).not.toContain("token r");
});

it("leads from the worst tokens and from the map into the text", async () => {
  const link = page.locator(".worst a").first();
  const href = (await link.getAttribute("href")) ?? "";
  await link.click();
  const [window, token] = href.replace("#token=", "").split(":");
  await expect.poll(() => panel().textContent()).toContain(`window ${window}, depth ${token}`);
  await page.locator(".minimap").click({ position: { x: 600, y: 3 } });
  await expect.poll(() => panel().textContent()).toContain("window 2, depth");
});

it("shows a token that is tapped on a phone", async () => {
  await page.setViewportSize({ width: 390, height: 844 });
  await page.locator(".running [data-item='150']").click();
  await expect.poll(() => panel().textContent()).toContain("depth 150");
  await page.setViewportSize({ width: 1280, height: 800 });
});

it("reaches every control with Tab", async () => {
  const names = new Set<string>();
  await page.evaluate("scrollTo(0, 0); document.activeElement.blur()");
  for (let i = 0; i < 90; ++i) {
    await page.keyboard.press("Tab");
    names.add(String(await page.evaluate("(() => { const e = document.activeElement; return e.closest('.check, .command, .toggle, .icicle, .heat, .running, .worst, .turn, .raw, .contents, .data')?.classList[0] ?? e.tagName; })()")));
  }
  for (const part of ["contents", "command", "check", "toggle", "icicle", "heat", "running", "turn", "worst", "data", "raw"]) expect([...names]).toContain(part);
});
