// The page with the real `qualm serve`: one diagnosis from the form to its report, one cancelled.
// Needs a binary (QUALM, else ../build/qualm) and two small models; says so where they are missing.
import { spawn, type ChildProcess } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Browser } from "playwright-core";
import { launch } from "./browser";
import { page as builtPage } from "./report_file";
import { openServe, type Served } from "./serve_page";

const repository = fileURLToPath(new URL("../..", import.meta.url));
const qualm = resolve(repository, process.env.QUALM ?? "build/qualm");
const data = process.env.QUALM_DATA ?? repository;
const original = join(data, "models/qualm-tiny-base-F16.gguf");
const quant = join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "qualm/demo/qualm-tiny-Q2_K.gguf");
const missing = [qualm, original, quant].filter((path) => !existsSync(path));
if (missing.length > 0) console.log(`SKIPPED: the page with the real server: no ${missing.join(", ")}`);

let browser: Browser;
let child: ChildProcess | null = null;
const folder = mkdtempSync(join(tmpdir(), "qualm-serve-"));
beforeAll(async () => { browser = await launch(); });
afterAll(async () => {
  child?.kill("SIGKILL");
  await browser.close();
  rmSync(folder, { recursive: true });
});

/// The address that it prints.
function start(): Promise<string> {
  const root = join(folder, "models");
  mkdirSync(root);
  copyFileSync(original, join(root, "tiny-F16.gguf"));
  copyFileSync(quant, join(root, "tiny-Q2_K.gguf"));
  const port = 20_000 + Math.floor(Math.random() * 20_000);
  const started = spawn(qualm, ["serve", "--root", root, "--port", String(port)], { env: { ...process.env, QUALM_DATA: data, XDG_STATE_HOME: join(folder, "state"), XDG_CACHE_HOME: join(folder, "cache") } });
  child = started;
  return new Promise((done, failed) => {
    let said = "";
    started.stdout.on("data", (part) => {
      said += String(part);
      const address = /http:\S+#token=\S+(?=\s)/.exec(said)?.[0];
      if (address) done(address);
    });
    started.on("exit", (code) => failed(new Error(`qualm serve ended with ${code}: ${said}`)));
    started.stderr.on("data", (part) => (said += String(part)));
  });
}

async function fill({ page }: Served): Promise<void> {
  await page.getByRole("button", { name: "tiny-Q2_K.gguf" }).click();
  await page.getByRole("button", { name: /^Use tiny-F16.gguf as original/ }).click();
  await page.getByLabel("What do you see?").selectOption("none");
  await page.locator(".more > summary").click();
  await page.getByLabel("Context").fill("256");
  await page.getByLabel("Time").fill("0.5");
  await page.getByRole("button", { name: "Diagnose" }).click();
}

it.skipIf(missing.length > 0)("diagnoses, saves the report, cancels, and says that the server is gone", { timeout: 240_000 }, async () => {
  const address = await start();
  // The page in the binary may be older than the one that was built.
  const served = await openServe(browser, address, { html: builtPage() });
  const { page } = served;
  await fill(served);
  await expect.poll(() => page.locator(".live-checks .check").count(), { timeout: 60_000 }).toBe(6);
  await expect.poll(() => page.locator(".verdict h1 .badge").count(), { timeout: 150_000 }).toBe(1);
  expect(await page.locator("#checks .check").count()).toBeGreaterThan(2);
  const saving = page.waitForEvent("download");
  await page.getByRole("button", { name: "Download JSON" }).click();
  const saved = await saving;
  expect(saved.suggestedFilename()).toBe("qualm-diagnose-tiny-Q2_K.gguf.json");
  let json = "";
  for await (const part of await saved.createReadStream()) json += String(part);
  expect((JSON.parse(json) as { command: string }).command).toBe("diagnose");

  await page.getByRole("button", { name: "Run again with changes" }).click();
  await page.getByRole("button", { name: "Diagnose" }).click();
  await page.getByRole("button", { name: "Cancel" }).click();
  await expect.poll(() => page.locator(".job-line .badge").textContent(), { timeout: 30_000 }).toMatch(/cancelled|done/);
  await page.getByRole("link", { name: "Runs" }).first().click();
  await expect.poll(() => page.locator(".run").count()).toBe(2);

  child?.removeAllListeners("exit");
  child?.kill("SIGTERM");
  await page.getByRole("link", { name: "New run" }).click();
  await expect.poll(() => page.locator(".banner").textContent(), { timeout: 30_000 }).toContain("does not answer");
  expect(served.errors).toEqual([]);
  expect(served.requests).toEqual([]);
  await served.close();
});
