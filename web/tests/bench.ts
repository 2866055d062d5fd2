// A fake server and a page of it, for one test.
import { afterAll, afterEach, beforeAll, beforeEach, expect } from "vitest";
import type { Browser, Page } from "playwright-core";
import { axe, faults } from "./accessible";
import { launch } from "./browser";
import { FakeServer } from "./fake_server";
import { kFiles } from "./fixtures/serve";
import { openServe, type Served } from "./serve_page";

/// Everything that the test opened is examined at its end: no error, no request to elsewhere.
export class Bench {
  server = new FakeServer();
  served: Served | null = null;

  constructor(private readonly launched: () => Browser | null) {}

  get browser(): Browser {
    const browser = this.launched();
    if (!browser) throw new Error("no browser");
    return browser;
  }

  async begin(): Promise<void> {
    this.server = new FakeServer();
    await this.server.start();
    this.server.files = kFiles;
  }

  async end(): Promise<void> {
    const { served } = this;
    await served?.close();
    await this.server.stop();
    expect(served?.requests).toEqual([]);
    expect(served?.errors).toEqual([]);
  }

  async open(hash = "", address = this.server.address): Promise<Page> {
    this.served = await openServe(this.browser, address);
    if (hash) await this.served.go(hash);
    return this.served.page;
  }

  get page(): Page {
    if (!this.served) throw new Error("nothing is open");
    return this.served.page;
  }

  go = async (hash: string): Promise<void> => this.served?.go(hash);

  text = (selector = "main"): Promise<string> => this.page.locator(selector).innerText();

  focused = (): Promise<string> => this.page.evaluate("document.activeElement?.getAttribute('aria-label') || document.activeElement?.textContent || document.activeElement?.tagName");

  /// With Tab alone.
  async tabTo(name: RegExp): Promise<void> {
    for (let i = 0; i < 60; ++i) {
      await this.page.keyboard.press("Tab");
      if (name.test(await this.focused())) return;
    }
    throw new Error(`no Tab leads to ${String(name)}`);
  }

  /// In both themes.
  async accessible(where: string): Promise<void> {
    await this.page.evaluate(axe);
    expect(await faults(this.page), where).toEqual([]);
    await this.page.emulateMedia({ colorScheme: "dark" });
    expect(await faults(this.page, ', runOnly: ["color-contrast"]'), `${where}, dark`).toEqual([]);
    await this.page.emulateMedia({ colorScheme: "light" });
  }
}

/// One browser for the tests of a file, and a server and a page of its own for each.
export function benchOfEachTest(): Bench {
  let browser: Browser | null = null;
  const bench = new Bench(() => browser);
  beforeAll(async () => { browser = await launch(); });
  afterAll(() => browser?.close());
  beforeEach(() => bench.begin());
  afterEach(() => bench.end());
  return bench;
}
