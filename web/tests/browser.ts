// A browser that must not ask for anything: every request but the report itself is a failure.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { chromium, type Browser, type Page } from "playwright-core";
import type { Json } from "../src/document/read";
import { reportFile } from "./report_file";

export const launch = (): Promise<Browser> =>
  chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox"] });

interface View {
  width?: number;
  height?: number;
  dark?: boolean;
}

export interface Opened {
  page: Page;
  errors: string[];
  requests: string[];
  close: () => Promise<void>;
}

export async function openText(browser: Browser, html: string, view: View = {}, hash = ""): Promise<Opened> {
  const folder = mkdtempSync(join(tmpdir(), "qualm-report-"));
  const file = join(folder, "report.html");
  writeFileSync(file, html);
  const context = browser.contexts()[0] ?? (await browser.newContext({ reducedMotion: "reduce" }));
  const page = await context.newPage();
  await page.setViewportSize({ width: view.width ?? 1280, height: view.height ?? 800 });
  await page.emulateMedia({ colorScheme: view.dark ? "dark" : "light" });
  const errors: string[] = [];
  const requests: string[] = [];
  page.on("pageerror", (error) => errors.push(String(error)));
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) errors.push(message.text());
  });
  const url = pathToFileURL(file).href;
  await page.route("**/*", (route) => {
    const asked = route.request().url();
    if (asked.startsWith(url) || asked.startsWith("data:")) return route.continue();
    requests.push(asked);
    return route.abort();
  });
  await page.goto(url + hash);
  return {
    page,
    errors,
    requests,
    close: async () => {
      await page.close();
      rmSync(folder, { recursive: true });
    },
  };
}

export const open = (browser: Browser, document: Json, view: View = {}, hash = ""): Promise<Opened> =>
  openText(browser, reportFile(document), view, hash);
