// A document that attacks: its strings are text and nothing else.
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Browser } from "playwright-core";
import type { Json } from "../src/document/read";
import { launch, open, openText } from "./browser";
import { hostile, hostileDiagnosis, kScript } from "./fixtures/hostile";
import { golden, page as template, reportFile } from "./report_file";

let browser: Browser;
beforeAll(async () => { browser = await launch(); });
afterAll(() => browser.close());

const kOthers = ["measure", "compare", "clinic", "demo", "inspect", "reference", "models", "error"];

it.each([["diagnose", hostileDiagnosis] as const, ...kOthers.map((name) => [name, () => hostile(golden(name))] as const)])("%s", async (_name, make: () => Json) => {
  const opened = await open(browser, make(), { width: 390, height: 844 });
  const { page } = opened;
  await expect.poll(() => page.locator("main").count()).toBe(1);
  expect(await page.evaluate("window.attacked")).toBeUndefined();
  expect(await page.locator("#page script, #page img, #page iframe, #page object").count()).toBe(0);
  const shown = (await page.locator("main").textContent()) ?? "";
  expect(shown).toContain(kScript.slice(0, 30));
  expect(shown).not.toMatch(/[\u202e\u2066\u0000\u0007]/);
  expect(shown).toContain("⟨U+202E⟩");
  const links = await page.locator("#page a").evaluateAll((all) => all.map((a) => a.getAttribute("href") ?? ""));
  expect(links.filter((href) => !href.startsWith("#"))).toEqual([]);
  expect(await page.evaluate("document.documentElement.scrollWidth")).toBeLessThanOrEqual(390);
  expect(opened.requests).toEqual([]);
  expect(opened.errors).toEqual([]);
  await opened.close();
});

it("does not copy a command with characters that cannot be seen", async () => {
  const opened = await open(browser, { command: "diagnose", command_line: "ls\n rm -rf ~" });
  expect(await opened.page.locator(".repeat button").count()).toBe(0);
  expect(await opened.page.locator(".repeat code").textContent()).toBe("ls\\n rm -rf ~");
  await opened.close();
});

it("cannot run a script or ask for anything, even if a string got into the markup", async () => {
  const html = reportFile({ command: "diagnose" }).replace('<div id="page"></div>', () => `<div id="page"></div>${kScript}`);
  const opened = await openText(browser, html);
  expect(await opened.page.evaluate("window.attacked")).toBeUndefined();
  expect(opened.requests).toEqual([]);
  await opened.close();
});

/// Lists as objects, texts as lists, numbers as texts.
function swapped(json: Json): Json {
  if (Array.isArray(json)) return { a: json.map(swapped) };
  if (typeof json === "string") return [json];
  if (json === null || typeof json !== "object") return String(json);
  return Object.fromEntries(Object.entries(json).map(([name, value]) => [name, swapped(value)]));
}

it("survives fields of another kind", async () => {
  const opened = await open(browser, { ...(swapped(golden("diagnose")) as object), command: "diagnose", tokens: { windows: [{ tokens: [9, -1, "x"], kld: [null, "y"] }], worst: 3 }, weights: { tensors: [1, { bytes: -4 }] } } as Json);
  await expect.poll(() => opened.page.locator("h1").count()).toBe(1);
  expect(opened.errors).toEqual([]);
  await opened.close();
});

it("has its two markers once, and no address", () => {
  expect(template().split("<title>qualm</title>").length).toBe(2);
  expect(template().match(/https?:\/\/(?!www\.w3\.org)[^"'`]*/g) ?? []).toEqual([]);
});
