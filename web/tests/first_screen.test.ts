// What is wrong and what to do, without scrolling, on a desktop and on a phone.
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Browser } from "playwright-core";
import { launch, open } from "./browser";
import { diagnose } from "./fixtures/diagnose";

let browser: Browser;
beforeAll(async () => { browser = await launch(); });
afterAll(() => browser.close());

it.each([
  { width: 1280, height: 800, seen: ["h1", ".todo", ".todo .command button", ".figures", ".repeat"] },
  { width: 390, height: 844, seen: ["h1", ".todo .command", ".todo .command button"] },
])("$width x $height", async ({ width, height, seen }) => {
  const opened = await open(browser, diagnose(), { width, height });
  for (const selector of seen) {
    const box = await opened.page.locator(selector).first().boundingBox();
    expect(box, selector).not.toBeNull();
    expect((box?.y ?? 0) + (box?.height ?? 0), selector).toBeLessThanOrEqual(height);
  }
  await opened.close();
});

it("copies the command, and saves the document as it is", async () => {
  const opened = await open(browser, diagnose());
  const { page } = opened;
  await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  await page.getByRole("button", { name: "Copy the command for IQ4_XS" }).click();
  expect(await page.evaluate("navigator.clipboard.readText()")).toMatch(/^llama-quantize --imatrix/);
  const saving = page.waitForEvent("download");
  await page.getByRole("button", { name: "Save JSON" }).click();
  const stream = await (await saving).createReadStream();
  let saved = "";
  for await (const part of stream) saved += String(part);
  expect(JSON.parse(saved)).toEqual(diagnose());
  expect(opened.requests).toEqual([]);
  expect(opened.errors).toEqual([]);
  await opened.close();
});
