// Two reports side by side: what both say, in rows. No statistics: intervals are only looked at to
// see whether they overlap.
import { asRun, figuresOf } from "../diagnose/figures";
import { at, fileName, label, list, metric, number, text, texts, type Json, type Metric } from "../document/read";
import { formatEstimate } from "../format/number";
import { formatBytes, formatSeconds } from "../format/units";
import { metricLabel, metricText, statusWord, verdictWord } from "../format/words";
import { settingsLine } from "../diagnose/how";

export interface Pair {
  name: string;
  a: string;
  b: string;
  differs: boolean;
  note: string;
}

export interface Group {
  title: string;
  pairs: Pair[];
}

const isDiagnosis = (document: Json): boolean => at(document, "command") === "diagnose";

/// Of a measurement: its first candidate.
const measured = (document: Json): Json => (isDiagnosis(document) ? document : at(document, "results", 0));

function pair(name: string, a: string, b: string, note = ""): Pair[] {
  return a || b ? [{ name, a: a || "-", b: b || "-", differs: a !== b, note }] : [];
}

export function overlap(a: Metric | null, b: Metric | null): string {
  if (!a || !b || a.low === null || a.high === null || b.low === null || b.high === null) return "";
  return a.low <= b.high && b.low <= a.high ? "intervals overlap" : "intervals apart";
}

function metricIn(document: Json, name: string): Metric | null {
  // On all windows read: those that proved a fix are other ones in each run.
  return isDiagnosis(document) ? (metric(at(document, "loss", name)) ?? asRun(document, name)?.metric ?? null) : metric(at(measured(document), "metrics", name));
}

const shown = (m: Metric | null, name: string): string => (m ? formatEstimate(m, { change: name === "ppl_change" }) : "");

function modelOf(document: Json): Json {
  return isDiagnosis(document) ? at(document, "model") : at(measured(document), "candidate");
}

function sizeOf(document: Json): string {
  const bytes = number(at(modelOf(document), "file_bytes"));
  return bytes ? formatBytes(bytes) : (figuresOf(document).find(({ title }) => title === "Size")?.value ?? "");
}

function figures(a: Json, b: Json): Pair[] {
  const rows = ["kld_mean", "ppl_change", "same_top"].flatMap((name) => {
    const [one, other] = [metricIn(a, name), metricIn(b, name)];
    return pair(metricLabel(name), shown(one, name), shown(other, name), overlap(one, other));
  });
  const seconds = (document: Json): string => {
    const spent = number(at(document, "spent", "seconds"));
    return spent ? formatSeconds(spent) : "";
  };
  const cost = pair("cost of the answer", seconds(a), seconds(b)).map((row) => ({ ...row, differs: false }));
  return [...rows, ...pair("size", sizeOf(a), sizeOf(b)), ...cost];
}

const checkOf = (document: Json, id: string): Json => list(at(document, "checks")).find((check) => at(check, "id") === id) ?? null;

function idsOf(a: Json, b: Json): [string, string][] {
  const all = [...list(at(a, "checks")), ...list(at(b, "checks"))].map((check): [string, string] => [label(at(check, "id")), label(at(check, "title"))]);
  return all.filter(([id], i) => id && all.findIndex((one) => one[0] === id) === i).slice(0, 20);
}

function checks(a: Json, b: Json): Pair[] {
  const word = (document: Json, id: string): string => (checkOf(document, id) === null ? "" : statusWord(checkOf(document, id)).word);
  return idsOf(a, b).flatMap(([id, title]) => pair(title || id, word(a, id), word(b, id)));
}

function shares(a: Json, b: Json): Pair[] {
  const share = (document: Json, id: string): Metric | null => metric(at(checkOf(document, id), "share"));
  return idsOf(a, b).flatMap(([id, title]) => pair(title || id, shown(share(a, id), ""), shown(share(b, id), ""), overlap(share(a, id), share(b, id))));
}

function remedies(a: Json, b: Json): Pair[] {
  const of = (document: Json): string[] =>
    list(at(document, "remedies")).map((one) => {
      const after = metric(at(one, "after", "kld_mean"));
      return [label(at(one, "name")), after ? `KLD after it ${metricText("kld_mean", at(one, "after", "kld_mean"))}` : text(at(one, "effect")).slice(0, 120)].filter(Boolean).join(": ");
    });
  const [one, other] = [of(a), of(b)];
  return Array.from({ length: Math.min(10, Math.max(one.length, other.length)) }, (_, i) => pair(`fix ${i + 1}`, one[i] ?? "", other[i] ?? "")).flat();
}

const originalOf = (document: Json): string => fileName(text(at(document, "baseline", "path"))) || fileName(text(at(document, "reference", "path")));

function setUp(a: Json, b: Json): Pair[] {
  const both = (name: string, of: (document: Json) => string): Pair[] => pair(name, of(a), of(b));
  return [
    ...both("command", (document) => label(at(document, "command"))),
    ...both("model", (document) => fileName(text(at(modelOf(document), "path"))) || fileName(text(modelOf(document)))),
    ...both("type", (document) => label(at(modelOf(document), "type"))),
    ...both("original", originalOf),
    ...both("text", (document) => text(at(measured(document), "text"))),
    ...both("tokens of a window", (document) => String(number(at(measured(document), "ctx_size")) ?? "")),
    ...both("windows read", (document) => String(number(at(measured(document), "windows", "read")) ?? "")),
    ...both("settings", (document) => settingsLine(at(measured(document), "settings"))),
  ];
}

export function comparisonOf(a: Json, b: Json): Group[] {
  const grades = (document: Json): string => texts(at(document, "loss", "grades")).join(" or ");
  const verdict = (document: Json): string => (isDiagnosis(document) ? verdictWord(document).word : "");
  return [
    { title: "Verdict", pairs: [...pair("verdict", verdict(a), verdict(b)), ...pair("grade of the loss", grades(a), grades(b)), ...pair("summary", text(at(a, "summary")), text(at(b, "summary")))] },
    { title: "Figures", pairs: figures(a, b) },
    { title: "Checks", pairs: checks(a, b) },
    { title: "Shares of the loss", pairs: shares(a, b) },
    { title: "Fixes", pairs: remedies(a, b) },
    { title: "How it was measured", pairs: setUp(a, b) },
  ].filter(({ pairs }) => pairs.length > 0);
}
