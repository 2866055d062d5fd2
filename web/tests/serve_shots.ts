// Pictures of the page of `qualm serve`, to look at: npx vite-node tests/serve_shots.ts [FOLDER] [NAME]
import { mkdirSync } from "node:fs";
import type { Page } from "playwright-core";
import { launch } from "./browser";
import { FakeServer } from "./fake_server";
import { fillHistory, kFiles, sayBeginning, sayMiddle } from "./fixtures/serve";
import { golden } from "./report_file";
import { openServe } from "./serve_page";

const folder = process.argv[2] ?? "shots";
const only = process.argv[3];
mkdirSync(folder, { recursive: true });
const server = new FakeServer();
await server.start();
server.files = kFiles;
server.models = golden("models");
fillHistory(server);
sayBeginning(server, "gg");
sayMiddle(server, "gg");

const chooseCandidate = async (page: Page) => {
  await page.getByRole("button", { name: "tiny-Q2_K.gguf" }).click();
};
const scenes: [name: string, hash: string, act?: (page: Page) => Promise<void>][] = [
  ["closed", "-"],
  ["new", "#new"],
  ["chosen", "#new", async (page) => {
    await chooseCandidate(page);
    await page.locator(".more > summary").click();
  }],
  ["wrong", "#new", async (page) => {
    server.refusal = { expected: "a number of tokens, 1 to 1048576", found: "99999999", place: "ctx_size" };
    await chooseCandidate(page);
    await page.getByRole("button", { name: "Diagnose" }).click();
    await page.locator(".problem").waitFor();
    server.refusal = null;
  }],
  ["runs", "#runs"],
  ["live", "#job=gg"],
  ["queued", "#job=hh"],
  ["failed", "#job=dd"],
  ["interrupted", "#job=ee"],
  ["done", "#job=aa"],
  ["compare", "#compare=aa,bb"],
];
const browser = await launch();
for (const [name, hash, act] of scenes) {
  if (only && only !== name) continue;
  for (const view of [{ id: "desktop", width: 1280, height: 800 }, { id: "phone", width: 390, height: 844 }, { id: "dark", width: 1280, height: 800, dark: true }]) {
    const opened = await openServe(browser, hash === "-" ? `${server.origin}/` : server.address, view);
    if (hash !== "-") await opened.go(hash);
    if (act) await act(opened.page);
    await opened.page.waitForTimeout(300);
    await opened.page.screenshot({ path: `${folder}/${name}-${view.id}.png`, fullPage: name !== "done" });
    console.log(name, view.id, opened.errors, opened.requests);
    await opened.close();
  }
}
await browser.close();
await server.stop();
