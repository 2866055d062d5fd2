// Pictures of the page, to look at: npm run shots [FOLDER]
import { mkdirSync } from "node:fs";
import { diagnose, kLarge } from "./fixtures/diagnose";
import { launch, open } from "./browser";
import { golden } from "./report_file";
import type { Json } from "../src/document/read";

const folder = process.argv[2] ?? "shots";
mkdirSync(folder, { recursive: true });
const only = process.argv[3];
const documents: [string, () => Json][] = [
  ["diagnose", () => diagnose()],
  ["large", () => diagnose(kLarge)],
  ...["diagnose_cache", "diagnose_file_only", "diagnose_healthy", "measure", "compare", "clinic", "demo", "inspect", "reference", "models", "error"].map((name): [string, () => Json] => [name, () => golden(name)]),
];
const views = [
  { id: "desktop", width: 1280, height: 800, dark: false },
  { id: "phone", width: 390, height: 844, dark: false },
  { id: "dark", width: 1280, height: 800, dark: true },
];
const browser = await launch();
for (const [name, make] of documents) {
  if (only && only !== name) continue;
  for (const view of views) {
    const opened = await open(browser, make(), view);
    await opened.page.waitForTimeout(150);
    if (name === "diagnose") {
      await opened.page.evaluate("document.documentElement.style.scrollBehavior = 'auto'; document.querySelector('#text')?.scrollIntoView()");
      await opened.page.locator(".running .token.b4").first().click();
      await opened.page.waitForTimeout(100);
      await opened.page.screenshot({ path: `${folder}/${name}-${view.id}-token.png` });
      await opened.page.evaluate("scrollTo(0, 0)");
    }
    await opened.page.screenshot({ path: `${folder}/${name}-${view.id}-first.png` });
    await opened.page.screenshot({ path: `${folder}/${name}-${view.id}.png`, fullPage: true });
    for (const section of await opened.page.locator("main > section").all())
      await section.screenshot({ path: `${folder}/${name}-${view.id}-${(await section.getAttribute("id")) ?? ""}.png` });
    console.log(name, view.id, opened.errors, opened.requests);
    await opened.close();
  }
}
await browser.close();
