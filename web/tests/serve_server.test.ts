// What the page does with a server that is gone, another one, hostile, or fast.
import { expect, it } from "vitest";
import type { Json } from "../src/document/read";
import { benchOfEachTest } from "./bench";
import { hostile, kScript, kTurned } from "./fixtures/hostile";
import { fillHistory, sayBeginning, sayMiddle } from "./fixtures/serve";
import { golden } from "./report_file";
import { longestTask } from "./trace";

const bench = benchOfEachTest();

it("says so where the token is missing or another one", async () => {
  await bench.open("", `${bench.server.origin}/`);
  expect(await bench.text("h1")).toBe("Open the address that qualm serve printed.");
  await bench.accessible("closed");
  await bench.page.goto(`${bench.server.origin}/#token=${"f".repeat(32)}`);
  await expect.poll(() => bench.text("h1")).toBe("The server was started again: open its new address.");
  await bench.page.goto(bench.server.address);
  await expect.poll(() => bench.text("h1")).toContain("Find out why");
  expect(bench.page.url()).toBe(`${bench.server.origin}/`);
  await bench.page.reload();
  await expect.poll(() => bench.text("h1")).toContain("Find out why");
});

it("goes on where the server was gone for a while", async () => {
  fillHistory(bench.server);
  sayBeginning(bench.server, "gg");
  await bench.open("#job=gg");
  await expect.poll(() => bench.page.locator(".live-checks .waiting").count()).toBe(4);
  bench.server.down = true;
  bench.server.drop();
  await expect.poll(() => bench.text(".banner")).toContain("The server does not answer.");
  await bench.page.getByRole("link", { name: "New run" }).click(); // the page stays usable
  await expect.poll(() => bench.text("h1")).toContain("Find out why");
  await bench.page.goBack();
  bench.server.down = false;
  await expect.poll(() => bench.page.locator(".banner").count(), { timeout: 15_000 }).toBe(0);
  await expect.poll(() => bench.page.locator(".live-checks .waiting").count()).toBe(4);
  bench.server.drop();
  await expect.poll(() => bench.server.lastEventIds.at(-1), { timeout: 15_000 }).toBe("5");
  sayMiddle(bench.server, "gg");
  await expect.poll(() => bench.text(".now")).toContain("12 of 48");
});

it("shows hostile names and words as text", async () => {
  const name = `${kScript}${kTurned}.gguf`;
  bench.server.files = { "": { path: "", parent: null, truncated: false, entries: [{ name, kind: "model", bytes: 5 }, { name: `${kTurned}folder`, kind: "folder", bytes: 0 }] } };
  bench.server.models = hostile(golden("models"));
  await bench.open();
  await bench.page.locator(".entry", { hasText: "window.attacked" }).click();
  await expect.poll(() => bench.text(".chosen")).toContain(kScript.slice(0, 30));
  fillHistory(bench.server);
  bench.server.jobs = bench.server.jobs.map((job) => ({ ...(hostile(job as unknown as Json) as object), id: job.id, status: job.status }) as unknown as typeof job);
  bench.server.say("gg", "answers", { answers: hostile([{ id: "tier", title: "a", status: "cause", says: "b" }, { id: "x", title: "c", status: "", says: "d" }]) });
  for (const kind of ["plan", "so_far"]) bench.server.say("gg", kind, { text: `${kScript}\n${kTurned}` });
  bench.server.say("gg", "note", { line: kScript });
  bench.server.say("gg", "progress", { step: kScript, done: 1, total: 2 });
  for (const hash of ["#runs", "#job=gg", "#job=dd", "#job=aa", "#compare=aa,bb"]) {
    await bench.go(hash);
    await expect.poll(() => bench.text(), { message: hash }).toMatch(/script>window\.attacked|U\+202E/);
    const shown = (await bench.page.locator("body").textContent()) ?? "";
    expect(shown.slice(0, shown.indexOf("use strict"))).not.toMatch(/[\u202e\u2066\u0007]/);
    expect(await bench.page.locator("#page script, #page img, #page iframe").count()).toBe(0);
  }
  expect(await bench.page.evaluate("window.attacked")).toBeUndefined();
});

it("has no long task while 50 events come a second", async () => {
  fillHistory(bench.server);
  sayBeginning(bench.server, "gg");
  await bench.open("#job=gg");
  await expect.poll(() => bench.page.locator(".live-checks .waiting").count()).toBe(4);
  const kEvents = 200;
  const { longest, total } = await longestTask(bench.browser, bench.page, async () => {
    for (let done = 1; done <= kEvents; ++done) {
      bench.server.say("gg", "progress", { step: "measuring candidate", done, total: kEvents });
      if (done % 10 === 0) bench.server.say("gg", "so_far", { text: `so far: KLD 0.05 [0.0${50 - done / 10}, 0.0${50 + done / 10}] (after ${done} windows)` });
      await new Promise((next) => setTimeout(next, 20));
    }
    await expect.poll(() => bench.text(".now")).toContain(`${kEvents} of ${kEvents}`);
  });
  console.log(`${kEvents} events: ${total.toFixed(0)} ms of the page's processor time, the longest task ${longest.toFixed(1)} ms`);
  expect(longest).toBeLessThan(50);
  expect(total).toBeLessThan(kEvents * 10);
});
