// The words for a job.
import { at, number, raw, text, type Json } from "../document/read";
import { verdictWord, type Status, type Tone } from "../format/words";

const kStatus: Record<string, Tone> = {
  queued: "dim",
  running: "plain",
  done: "good",
  failed: "bad",
  cancelled: "dim",
  interrupted: "warning",
};

export const statusOf = (job: Json): string => raw(at(job, "status"));

export function statusBadge(status: string): Status {
  return { word: Object.hasOwn(kStatus, status) ? status : "unknown", tone: kStatus[status] ?? "dim" };
}

export function verdictBadge(job: Json): Status | null {
  return raw(at(job, "verdict")) ? verdictWord({ verdict: at(job, "verdict") }) : null;
}

export const canResume = (status: string): boolean => ["failed", "cancelled", "interrupted"].includes(status);
export const canRemove = (status: string): boolean => status !== "queued" && status !== "running";

const two = (n: number): string => String(n).padStart(2, "0");

/// "2026-07-01 14:05", the same in every language of the browser.
export function whenOf(job: Json): string {
  const created = number(at(job, "created"));
  if (created === null || Math.abs(created) > 1e11) return "";
  const date = new Date(1000 * created);
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${two(date.getHours())}:${two(date.getMinutes())}`;
}

export const titleOf = (job: Json): string => text(at(job, "title")) || "a run";
