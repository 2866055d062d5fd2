// What is known of a job that runs: the last event of each kind, and a few notes.
import { at, list, number, raw, text, type Json } from "../document/read";
import { visible } from "../format/visible";
import { statusWord, type Status } from "../format/words";

export interface Check {
  id: string;
  title: string;
  open: boolean;
  word: Status;
  says: string;
}

export interface Step {
  number: number;
  count: number;
  after: number; // seconds; negative: not known
}

export interface Progress {
  name: string;
  done: number;
  total: number;
  first: number; // units done when the step was first seen: a resumed run starts late
  started: number; // ms
  now: number; // ms, of this event
}

export interface Live {
  status: string;
  plan: string[];
  soFar: string;
  widest: number; // the largest end of an interval so far: how far the line reaches
  checks: Check[];
  step: Step | null;
  progress: Progress | null;
  notes: string[];
}

export const kNothing: Live = { status: "", plan: [], soFar: "", widest: 0, checks: [], step: null, progress: null, notes: [] };

const kMostNotes = 20;
const kMostLines = 40;

export interface Interval {
  value: number;
  low: number;
  high: number;
}

/// "so far: KLD 0.0588 [0.0558, 0.0618], grade: ...": its numbers, to draw.
export function intervalIn(soFar: string): Interval | null {
  const found = /KLD ([\d.e+-]+) \[([\d.e+-]+), ([\d.e+-]+)\]/.exec(soFar);
  const [value, low, high] = (found ?? []).slice(1).map(Number);
  if (value === undefined || low === undefined || high === undefined) return null;
  return [value, low, high].every(Number.isFinite) && low <= value && value <= high && high > 0 ? { value, low, high } : null;
}

function checkOf(answer: Json): Check {
  const open = raw(at(answer, "status")) === "";
  const word: Status = open ? { word: "open", tone: "dim" } : statusWord(answer, at(answer, "likely") === true);
  return { id: text(at(answer, "id")), title: text(at(answer, "title")), open, word, says: text(at(answer, "says")) };
}

function progressOf(before: Progress | null, data: Json, now: number): Progress {
  const name = text(at(data, "step"));
  const done = number(at(data, "done")) ?? 0;
  const same = before?.name === name && done >= before.done;
  return {
    name,
    done,
    total: number(at(data, "total")) ?? 0,
    first: same ? before.first : done,
    started: same ? before.started : now,
    now,
  };
}

/// An event that is not known changes nothing.
export function after(live: Live, event: string, data: Json, now: number): Live {
  switch (event) {
    case "status":
      return { ...live, status: raw(at(data, "status")) };
    case "plan":
      return { ...live, plan: raw(at(data, "text")).slice(0, 20_000).split("\n").slice(0, kMostLines).map(visible) };
    case "so_far": {
      const soFar = text(at(data, "text"));
      return { ...live, soFar, widest: Math.max(live.widest, intervalIn(soFar)?.high ?? 0) };
    }
    case "answers":
      return { ...live, checks: list(at(data, "answers")).slice(0, 50).map(checkOf) };
    case "step":
      return { ...live, step: { number: number(at(data, "number")) ?? 1, count: number(at(data, "count")) ?? 1, after: number(at(data, "seconds_after")) ?? -1 } };
    case "progress":
      return { ...live, progress: progressOf(live.progress, data, now) };
    case "note":
      return { ...live, notes: [...live.notes, text(at(data, "line"))].slice(-kMostNotes) };
    default:
      return live;
  }
}

/// "1:05", as the terminal shows it.
export function clock(seconds: number): string {
  const whole = Math.floor(Math.max(0, seconds) + 0.5);
  const two = (n: number): string => String(n).padStart(2, "0");
  const minutes = Math.floor(whole / 60);
  return whole >= 3600 ? `${Math.floor(minutes / 60)}:${two(minutes % 60)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}

/// As on the terminal (src/cli/progress_bar.cpp): a step may stop before the end of its text.
export function timeLeft({ progress, step }: Live): string {
  if (!progress || progress.total <= 0) return "";
  const spent = (progress.now - progress.started) / 1000;
  if (progress.done <= progress.first || spent < 1) return "";
  const here = (spent / (progress.done - progress.first)) * Math.max(0, progress.total - progress.done);
  const later = step ? step.after : 0;
  return later < 0 ? `this step: at most ${clock(here)} left` : `about ${clock(here + later)} left`;
}

/// What to read aloud when checks have changed.
export function changes(before: Check[], now: Check[]): string {
  return now
    .filter(({ id, open, word }) => !open && before.find((one) => one.id === id)?.word.word !== word.word)
    .map(({ title, word }) => `${title}: ${word.word}.`)
    .join(" ");
}
