// The page of a server in the browser: a request to any other place is a failure.
import type { Browser, Page } from "playwright-core";

export interface Served {
  page: Page;
  errors: string[];
  requests: string[]; // to other places
  go: (hash: string) => Promise<void>;
  close: () => Promise<void>;
}

interface View {
  width?: number;
  height?: number;
  dark?: boolean;
  html?: string; // in place of the page that the server has
}

/// Chromium writes every answer of 400 and more, and every request without one, to its console.
const kExpected = /^Failed to load resource/;

export async function openServe(browser: Browser, address: string, view: View = {}): Promise<Served> {
  const context = await browser.newContext({ reducedMotion: "reduce", viewport: { width: view.width ?? 1280, height: view.height ?? 800 }, colorScheme: view.dark ? "dark" : "light" });
  const page = await context.newPage();
  const errors: string[] = [];
  const requests: string[] = [];
  page.on("pageerror", (error) => errors.push(String(error)));
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type()) && !kExpected.test(message.text())) errors.push(message.text());
  });
  const { origin } = new URL(address);
  page.on("request", (request) => {
    const asked = request.url();
    if (!asked.startsWith(`${origin}/`) && !asked.startsWith("data:") && !asked.startsWith("blob:")) requests.push(asked);
  });
  const { html } = view;
  if (html !== undefined) await page.route(`${origin}/`, (route) => route.fulfill({ contentType: "text/html; charset=utf-8", body: html }));
  await page.goto(address);
  return {
    page,
    errors,
    requests,
    go: (hash) => page.evaluate(`location.hash = ${JSON.stringify(hash)}`),
    close: () => context.close(),
  };
}
