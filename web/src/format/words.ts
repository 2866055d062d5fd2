// The words of the report, the same as on the terminal.
import { absent, at, known, label, list, metric, number, text, type Json } from "../document/read";
import { formatEstimate, formatValue, type Style } from "./number";
import { formatCount } from "./units";

const kLabels: Record<string, string> = {
  ppl: "perplexity",
  ppl_baseline: "perplexity of the original",
  ppl_change: "perplexity change",
  kld_mean: "KLD",
  kld_median: "KLD, median",
  kld_p90: "KLD, 90th percentile",
  kld_p95: "KLD, 95th percentile",
  kld_p99: "KLD, 99th percentile",
  kld_p999: "KLD, 99.9th percentile",
  kld_max: "KLD, largest",
  same_top: "same top token",
  delta_p_mean: "change of p",
  delta_p_rms: "change of p, RMS",
};

export const metricLabel = (name: string): string => kLabels[name] ?? name;

export const isChange = (name: string): boolean =>
  name === "ppl_change" || name === "delta_p_mean" || name.includes("difference");

/// "0.060 [0.055, 0.065]", "(not significant)" where the interval contains 0, or why not.
export function metricText(name: string, value: Json, style: Style = {}): string {
  const known = metric(value);
  if (!known) return absent(value) ?? "not a metric";
  const shown = formatEstimate(known, { change: isChange(name), ...style });
  return known.separated === false && style.interval !== false ? `${shown} (not significant)` : shown;
}

export interface Status {
  word: string;
  tone: Tone;
}
export type Tone = "bad" | "warning" | "good" | "dim" | "plain";

/// `likely`: it rests on an estimate of the original.
export function statusWord(check: Json, likely = at(check, "estimated") === true): Status {
  const first = text(at(check, "id")) === "not_quant";
  switch (text(at(check, "status"))) {
    case "cause":
      return { word: first ? "NO" : likely ? "LIKELY" : "CAUSE", tone: "bad" };
    case "contributes":
      return { word: first ? "NO" : "CONTRIBUTES", tone: "warning" };
    case "cleared":
      return { word: first ? "OK" : "cleared", tone: "good" };
    case "cannot_tell":
      return { word: "cannot tell", tone: "dim" };
    default:
      return { word: "not examined", tone: "dim" };
  }
}

export function verdictWord(document: Json): Status {
  const verdict = text(at(document, "verdict"));
  if (verdict === "healthy") return { word: "HEALTHY", tone: "good" };
  if (verdict === "none_found") return { word: "NO PROBLEM FOUND", tone: "good" };
  if (verdict !== "problem") return { word: "CANNOT TELL", tone: "warning" };
  // A fault of the file is there, however the loss is known.
  const likely = at(document, "estimated") === true && text(at(document, "principal_cause")) !== "not_quant";
  return { word: likely ? "LIKELY PROBLEM" : "PROBLEM", tone: "bad" };
}

function typeShares(types: Json[]): string {
  const shown: string[] = [];
  for (const type of types) {
    const share = number(at(type, "share")) ?? 0;
    if (shown.length === 0 && share >= 0.995) return label(at(type, "name"));
    if (shown.length === 2 || share < 0.005) return [...shown, "..."].join(", ");
    shown.push(`${label(at(type, "name"))} ${(100 * share).toFixed(0)} %`);
  }
  return shown.join(", ");
}

/// "llama, 5.77 M weights, GGUF v3, 3.35 bits per weight (Q2_K 61 %, ...)"
export function cardLine(card: Json): string {
  const reason = absent(card);
  if (reason !== null) return `not known: ${reason}`;
  const parameters = number(at(card, "parameters"));
  const bpw = number(at(card, "bpw"));
  const parts = [
    label(at(card, "arch")),
    !parameters ? "" : `${formatCount(parameters)} weights`,
    label(at(card, "format")),
    bpw === null ? "" : `${bpw.toFixed(2)} bits per weight`,
  ].filter(Boolean);
  const shares = typeShares(list(at(card, "top_types")));
  return parts.join(", ") + (shares ? ` (${shares})` : "");
}

export const kFloors = 2; // as evaluate/noise_floor.h: a KLD under this many floors means nothing

/// The KLD under which nothing can be told on this machine; null where it was not measured.
export function floorOf(resolution: Json): number | null {
  const highs = ["kld_mean", "candidate_kld_mean"].flatMap((name) => {
    const known = metric(at(resolution, name));
    return known ? [known.high ?? known.value] : [];
  });
  return highs.length === 0 ? null : kFloors * Math.max(...highs);
}

export function noiseFloorLine(resolution: Json): string {
  const sides: [string, string][] = [
    ["kld_mean", "the original"],
    ["candidate_kld_mean", "this model"],
  ];
  const floor = floorOf(resolution);
  if (floor === null)
    return `Not measured: ${absent(at(resolution, "kld_mean")) ?? "not in this report"}.`;
  const known = sides.flatMap(([name, side]) => {
    const value = metric(at(resolution, name));
    return value ? [`of ${side} ${formatEstimate(value)}`] : [];
  });
  return `The same model run in two ways: KLD ${known.join(", ")}. On this machine a KLD under ${formatValue(floor)} means nothing.`;
}

export function windowsLine(document: Json): string {
  const read = number(at(document, "windows", "read")) ?? 0;
  const total = number(at(document, "windows", "total")) ?? 0;
  if (total === 0) return "No text was read.";
  if (at(document, "cancelled") === true)
    return `Stopped by the user after ${read} of ${total} windows.`;
  if (at(document, "stopped_early") === true)
    return `Stopped after ${read} of ${total} windows: the result was already decided.`;
  return read === total ? `Read all ${read} windows.` : `Read ${read} of ${total} windows.`;
}

/// A reference pack stood in for the original.
export function byPack(document: Json): boolean {
  return known(at(document, "reference", "original"));
}
