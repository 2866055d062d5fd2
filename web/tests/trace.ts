// The longest task of a page in processor time, which other work on the machine does not lengthen.
import type { Browser, Page } from "playwright-core";

interface TraceEvent {
  name: string;
  pid: number;
  tid: number;
  tdur?: number; // microseconds of the thread
  args?: { name?: string };
}

/// In ms. The page's own thread is the one of its process that is called CrRendererMain.
export async function longestTask(browser: Browser, page: Page, work: () => Promise<void>): Promise<{ longest: number; total: number }> {
  await browser.startTracing(page, { categories: ["__metadata", "toplevel", "devtools.timeline", "disabled-by-default-devtools.timeline"] });
  await work();
  const { traceEvents } = JSON.parse(String(await browser.stopTracing())) as { traceEvents: TraceEvent[] };
  const main = new Set(traceEvents.filter(({ name, args }) => name === "thread_name" && args?.name === "CrRendererMain").map(({ pid, tid }) => `${pid} ${tid}`));
  const tasks = traceEvents.filter(({ name, pid, tid }) => name === "RunTask" && main.has(`${pid} ${tid}`)).map(({ tdur }) => (tdur ?? 0) / 1000);
  if (tasks.length === 0) throw new Error("the trace has no task of the page");
  return { longest: Math.max(...tasks), total: tasks.reduce((sum, one) => sum + one, 0) };
}
