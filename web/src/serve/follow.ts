// The events of a job until it ends. A stream that breaks off is asked for again from where it was.
import { at, raw } from "../document/read";
import { Gone, jobPath, Refused, type Client } from "./client";
import { FrameParser, type Frame } from "./frames";

const kFirstWait = 500; // ms before the next try, twice as long each time
const kLongestWait = 10_000;
const kSilence = 45_000; // ms; the server says something every 15 s

export const isOver = (status: string): boolean => status !== "" && status !== "queued" && status !== "running";

const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((done) => {
    const timer = setTimeout(done, ms);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      done();
    }, { once: true });
  });

/// Reads one stream to its end; the id of its last event.
async function readStream(client: Client, id: string, last: string, on: (frame: Frame) => void, signal: AbortSignal): Promise<string> {
  const stop = new AbortController();
  const end = () => stop.abort();
  signal.addEventListener("abort", end);
  let silence = setTimeout(end, kSilence);
  try {
    const response = await client.ask(jobPath(id, "/events"), { headers: last ? { "Last-Event-ID": last } : {}, signal: stop.signal });
    const reader = response.body?.getReader();
    const decoder = new TextDecoder();
    const parser = new FrameParser();
    for (let part = await reader?.read(); part && !part.done; part = await reader?.read()) {
      clearTimeout(silence);
      silence = setTimeout(end, kSilence);
      for (const frame of parser.feed(decoder.decode(part.value, { stream: true }))) {
        last = frame.id || last;
        on(frame);
      }
    }
  } catch (error) {
    if (error instanceof Refused) throw error;
    if (!(error instanceof Gone) && !stop.signal.aborted) client.onConnection("gone"); // it broke off
  } finally {
    clearTimeout(silence);
    signal.removeEventListener("abort", end);
  }
  return last;
}

/// Returns when the job is over. Throws Refused where the server does not know it.
export async function follow(client: Client, id: string, on: (frame: Frame) => void, signal: AbortSignal): Promise<void> {
  let last = "";
  let wait = kFirstWait;
  while (!signal.aborted) {
    const before = last;
    last = await readStream(client, id, last, on, signal);
    if (signal.aborted) return;
    try {
      // The stream ends with the job; but a server that was started again may have nothing to say.
      const job = await client.get(jobPath(id), signal);
      if (isOver(raw(at(job, "status")))) return;
    } catch (error) {
      if (error instanceof Refused) throw error;
    }
    wait = last === before ? Math.min(2 * wait, kLongestWait) : kFirstWait;
    await pause(wait, signal);
  }
}
