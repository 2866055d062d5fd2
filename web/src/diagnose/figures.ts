// The five figures of the verdict, each only from what the document says.
import { at, fileName, flag, label, list, metric, number, text, texts, type Json, type Metric } from "../document/read";
import { formatEstimate, formatInterval } from "../format/number";
import { formatBytes, formatSeconds } from "../format/units";

export interface Figure {
  title: string;
  value: string;
  interval: string;
  note: string;
  of: string;
  means: string;
}

const rungWith = (document: Json, mark: string): Json =>
  list(at(document, "ladder", "rungs")).find((rung) => texts(at(rung, "marks")).includes(mark)) ?? null;

/// As the user runs it: on the windows that proved the first fix, so that before and after compare;
/// else on all windows read. Where no document says that, of the weights alone.
export function asRun(document: Json, name: string): { metric: Metric; of: string } | null {
  const places: [Json, string][] = [
    [at(document, "remedies", 0, "before", name), ""],
    [at(document, "loss", name), ""],
    [at(rungWith(document, "yours"), name), "weights, F16 cache"],
  ];
  for (const [json, of] of places) {
    const found = metric(json);
    if (found) return { metric: found, of };
  }
  return null;
}

function measured(document: Json, name: string, title: string, means: string, change: boolean): Figure | null {
  const found = asRun(document, name);
  if (!found) return null;
  const after = metric(at(document, "remedies", 0, "after", name));
  const fix = label(at(document, "remedies", 0, "name"));
  const improved = after ? `${formatEstimate(after, { change, interval: false })} with ${fix}` : "";
  const interval = formatInterval(found.metric, { change });
  return {
    title,
    value: formatEstimate(found.metric, { change, interval: false }),
    interval: interval && `${interval} (${flag(at(document, "estimated")) ? "90 %" : "95 %"} interval)`,
    note: improved && `→ ${improved}`,
    of: found.of,
    means,
  };
}

function size(document: Json): Figure | null {
  const own = number(at(document, "model", "file_bytes")) || number(at(rungWith(document, "yours"), "file_bytes"));
  if (!own) return null;
  const remedy = list(at(document, "remedies")).find((one) => label(at(one, "cause")) !== "kv_cache");
  const after = number(at(remedy, "bytes"));
  const bpw = number(at(document, "model", "bpw"));
  return {
    title: "Size",
    value: formatBytes(own),
    interval: bpw === null ? "" : `${bpw.toFixed(2)} bits per weight`,
    note: after ? `→ ${formatBytes(after)} with ${label(at(remedy, "name"))}` : "",
    of: "",
    means: "",
  };
}

function cost(document: Json): Figure | null {
  const seconds = number(at(document, "spent", "seconds"));
  const read = number(at(document, "windows", "read"));
  const context = number(at(document, "ctx_size"));
  if (!seconds) return null;
  return {
    title: "Measured on",
    value: read === null ? formatSeconds(seconds) : `${read} windows`,
    interval: context ? `of ${context} tokens each` : "",
    note: "",
    of: "",
    means: `${fileName(text(at(document, "text"))).replace(/^bundled: (.*)$/, "$1 (bundled; -f: your own text)")}, in ${formatSeconds(seconds)}`,
  };
}

/// Perplexity is looked for: say why it is not there.
function unknown(document: Json): Figure | null {
  if (!flag(at(document, "estimated"))) return null;
  return { title: "Perplexity change", value: "not known", interval: "", note: "", of: "", means: "It needs the original (--baseline)" };
}

export function figuresOf(document: Json): Figure[] {
  const grades = texts(at(document, "loss", "grades")).join(" to ");
  const perplexity = metric(at(document, "original_ppl"));
  const original = perplexity ? ` (original: ${formatEstimate(perplexity, { interval: false })})` : "";
  return [
    measured(document, "kld_mean", "KLD", `Distance from the original's predictions${grades ? `; grade: ${grades}` : ""}`, false),
    measured(document, "ppl_change", "Perplexity change", `How much worse it predicts the text${original}`, true) ?? unknown(document),
    measured(document, "same_top", "Same top token", "How often its first choice is the original's", false),
    size(document),
    cost(document),
  ].filter((figure) => figure !== null);
}
