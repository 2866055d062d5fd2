// The first screen: what is wrong, what to do, how large it is, how to repeat it.
import { absent, at, fileName, flag, label, list, number, raw, text, texts, type Json } from "../document/read";
import { formatBytes } from "../format/units";
import { clipped } from "../format/visible";
import { byPack, cardLine, verdictWord } from "../format/words";
import { Badge, Command, Name, Repeat } from "../ui/parts";
import { figuresOf } from "./figures";

/// The first sentence, and the others.
export function firstSentence(summary: string): [string, string] {
  const end = /[.!?] (?=[A-Z])/.exec(summary);
  return end ? [summary.slice(0, end.index + 1), summary.slice(end.index + 2)] : [summary, ""];
}

function originalLine(document: Json): string {
  const pack = at(document, "reference");
  if (byPack(document))
    return `original: ${text(at(pack, "original"))}, by the reference pack ${fileName(text(at(pack, "path")))} (not verified)`;
  if (flag(at(document, "estimated")))
    return "original: not given; the loss is estimated from the rounding steps in this file";
  const baseline = at(document, "baseline");
  return absent(baseline) === null
    ? `original: ${fileName(text(at(baseline, "path")))}`
    : "original: not given (--baseline)";
}

/// "http://127.0.0.1:8080 (llama-server b11669) runs it"; empty where the model is a file, or nothing but its server.
function serverLine(document: Json): string {
  const server = at(document, "server");
  const address = text(at(server, "address"));
  if (absent(server) !== null || address === text(at(document, "model", "path"))) return "";
  const what = [text(at(server, "kind")), text(at(server, "build"))].filter(Boolean).join(" ");
  return `${address} (${what}) runs it`;
}

/// "run with a q4_0/q4_0 cache (K/V)", where it is quantized.
function cacheLine(document: Json): string {
  const [k, v] = [text(at(document, "settings", "type_k")), text(at(document, "settings", "type_v"))];
  const float = (type: string): boolean => ["", "f16", "bf16", "f32"].includes(type);
  return float(k) && float(v) ? "" : `run with a ${k}/${v} cache (K/V)`;
}

function measuredOn(remedy: Json, document: Json): string {
  const windows = number(at(remedy, "windows")) ?? 0;
  if (windows === 0) return "The effect of this fix was not measured: run qualm diagnose on the new file.";
  if (flag(at(document, "estimated"))) return `Estimated on ${windows} windows.`;
  return flag(at(remedy, "fresh"))
    ? `Measured again on ${windows} other windows of the text (holdout: not used to choose the fix).`
    : `Measured on ${windows} windows; some of them were used to choose the fix.`;
}

function Remedy({ remedy, document }: { remedy: Json; document: Json }) {
  const effect = text(at(remedy, "effect"));
  const bytes = number(at(remedy, "bytes"));
  return (
    <li>
      <p>
        <strong><Name of={text(at(remedy, "name"))} /></strong>
        {": "}
        {clipped(effect, 400) || (bytes === null ? "" : formatBytes(bytes))}
      </p>
      <Command text={raw(at(remedy, "command"))} label={`the command for ${label(at(remedy, "name"))}`} />
      <p class="dim small">
        {raw(at(remedy, "command")).startsWith("--cache-type") && "Options of llama-server and llama-cli. In other programs: the type of the K and V cache. "}
        {measuredOn(remedy, document)}
        {text(at(remedy, "acceptable")) === "no" && " Better, but the loss is still larger than acceptable."}
      </p>
    </li>
  );
}

function WhatToDo({ document }: { document: Json }) {
  const remedies = list(at(document, "remedies"));
  const all = [...new Set(list(at(document, "checks")).flatMap((check) => texts(at(check, "needs"))))];
  const needs = all.filter((need) => !all.some((other) => other !== need && other.startsWith(need)));
  if (remedies.length > 0)
    return (
      <div class="todo">
        <h2>{remedies.length === 1 ? "Fix" : byPack(document) ? "Fixes, each measured by itself" : "Fixes, one after the other"}</h2>
        <ol class={remedies.length === 1 ? "single" : ""}>
          {remedies.map((remedy, i) => <Remedy key={i} remedy={remedy} document={document} />)}
        </ol>
        {flag(at(document, "estimated")) && (
          <p class="dim small">To be certain, give the original: the same command with --baseline ORIGINAL.</p>
        )}
      </div>
    );
  const verdict = text(at(document, "verdict"));
  if (verdict === "healthy")
    return <div class="todo calm"><h2>What to do</h2><p>Nothing. This model can be used as it is on text like this.</p></div>;
  if (needs.length === 0) return null;
  return (
    <div class="todo">
      <h2>What to give</h2>
      <ul>{needs.slice(0, 5).map((need) => <li key={need}>{clipped(need, 300)}</li>)}</ul>
    </div>
  );
}

export function Figures({ document }: { document: Json }) {
  const figures = figuresOf(document);
  return (
    <dl class={`figures of-${figures.length}`}>
      {figures.map((figure) => (
        <div key={figure.title} class="figure">
          <dt>{figure.title}</dt>
          <dd>
            <span class="value">{figure.value}</span>
            {figure.interval && <span class="interval">{figure.interval}</span>}
            {figure.of && <span class="means">of the {figure.of}</span>}
            {figure.note && <span class="note">{clipped(figure.note, 60)}</span>}
            <span class="means">{clipped(figure.means, 90)}</span>
          </dd>
        </div>
      ))}
    </dl>
  );
}

export function Verdict({ document }: { document: Json }) {
  const word = verdictWord(document);
  const summary = clipped(text(at(document, "summary")), 1500);
  const said = word.word === "LIKELY PROBLEM" ? summary.replace(/^Likely: /, "") : summary;
  const [first, rest] = firstSentence(said);
  const accept = at(document, "accept");
  return (
    <header class={`verdict ${word.tone}`}>
      <p class="subject">
        <strong><Name of={fileName(text(at(document, "model", "path"))) || "a model"} most={90} /></strong>{" "}
        <span class="dim">{cardLine(at(document, "model"))}</span>
        <br />
        <span class="dim"><Name of={originalLine(document)} most={160} /></span>
        {serverLine(document) && <><br /><span class="dim"><Name of={serverLine(document)} most={120} /></span></>}
        {cacheLine(document) && <><br /><span class="dim"><Name of={cacheLine(document)} most={80} /></span></>}
      </p>
      {typeof accept === "string" && <p class="dim small">you accept: <Name of={text(accept)} /></p>}
      <h1>
        <Badge word={word.word} tone={word.tone} large />{" "}
        <span class={first.length > 180 ? "sentence long" : "sentence"}>{first || "No summary in this report."}</span>
      </h1>
      {rest && <p class="rest">{rest}</p>}
      <div class="first-screen">
        <WhatToDo document={document} />
        <Figures document={document} />
      </div>
      <Repeat command={raw(at(document, "command_line"))} />
    </header>
  );
}
