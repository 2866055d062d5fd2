// The page of `qualm measure`: candidates beside each other, which one to take, and their text.
import { useState } from "preact/hooks";
import { absent, at, entries, fileName, known, label, list, metric, number, raw, text, texts, type Json } from "../document/read";
import { Depth } from "../chart/depth";
import { KldRows } from "../chart/kld_rows";
import { Ladder } from "../chart/ladder";
import { confidenceGroups } from "../diagnose/where";
import { Facts, settingsLine, versions } from "../diagnose/how";
import { clipped } from "../format/visible";
import { cardLine, floorOf, metricLabel, metricText, noiseFloorLine, windowsLine } from "../format/words";
import { TokenSection } from "../tokens/section";
import { Badge, Name, Part, Section } from "../ui/parts";
import { RawJson } from "../ui/raw_json";
import { Table } from "../ui/table";
import { Caches } from "./caches";
import { Gates, outcomeOf } from "./gates";
import { Head } from "./head";

const kShown = ["ppl", "ppl_change", "kld_mean", "kld_p99", "same_top", "delta_p_rms"];

const nameOf = (result: Json): string => fileName(text(at(result, "candidate", "path")));

function labels(results: Json[]): string[] {
  const names = results.map(nameOf);
  return results.map((result, i) => {
    const name = names[i] ?? "";
    return names.filter((other) => other === name).length > 1 ? `${text(at(result, "candidate", "path"))} (${i + 1})` : name;
  });
}

function Results({ results, names }: { results: Json[]; names: string[] }) {
  return (
    <Section id="results" title="Candidates">
      <Table
        caption="Candidates"
        columns={[{ title: "Candidate" }, { title: "bpw", numeric: true }, ...kShown.map((name) => ({ title: metricLabel(name), numeric: true }))]}
        rows={results.map((result, i) => [
          <Name key="name" of={names[i] ?? ""} most={60} />,
          number(at(result, "candidate", "bpw"))?.toFixed(2) ?? "not known",
          ...kShown.map((name) => {
            const value = at(result, "metrics", name);
            return absent(value) === null ? metricText(name, value) : <span class="dim">not measured</span>;
          }),
        ])}
      />
      {results.flatMap((result, i) =>
        list(at(result, "notes")).map((note, j) => (
          <p key={`${i} ${j}`} class="note-line"><Badge word="note" tone="warning" /> <Name of={names[i] ?? ""} most={60} />: {clipped(text(at(note, "says")), 500)}</p>
        )),
      )}
    </Section>
  );
}

function Candidate({ result, name }: { result: Json; name: string }) {
  const position = at(result, "buckets", "position");
  const groups = confidenceGroups(at(result, "buckets", "confidence"));
  return (
    <>
      <Section id="candidate" title="One candidate in detail">
        <p><strong><Name of={name} /></strong> <span class="dim">{cardLine(at(result, "candidate"))}</span></p>
        <div class="columns">
          {list(position).length > 0 && (
            <Part title="By depth"><Depth depth={[{ of: "as_run", title: "as run", buckets: position }]} /></Part>
          )}
          {groups.length > 0 && (
            <Part title="By confidence of the original" lead="Its highest probability for the next token.">
              <KldRows caption="KLD by confidence of the original" of="Probability" counted="tokens" groups={groups} />
            </Part>
          )}
        </div>
        <Caches result={result} />
        <Part title="All metrics">
          <Table
            caption="All metrics"
            columns={[{ title: "Metric" }, { title: "Value", numeric: true }]}
            rows={entries(at(result, "metrics")).map(([id, value]) => [
              metricLabel(id),
              metric(value) ? metricText(id, value) : <span class="dim">{absent(value)}</span>,
            ])}
          />
        </Part>
      </Section>
      <TokenSection tokens={at(result, "tokens")} from={raw(at(result, "text"))} />
      <Section id="how" title="How it was measured">
        <Facts
          rows={[
            ["Text", text(at(result, "text"))],
            ["Windows", `${windowsLine(result)} Each has ${number(at(result, "ctx_size")) ?? "?"} tokens.`],
            ["Original", text(at(result, "original"))],
            ["Protocol", label(at(result, "protocol"))],
            ["Settings", settingsLine(at(result, "settings"))],
            ["Noise floor", noiseFloorLine(at(result, "resolution"))],
          ]}
        />
      </Section>
    </>
  );
}

export function Measure({ document }: { document: Json }) {
  const results = list(at(document, "results"));
  const names = labels(results);
  const [chosen, setChosen] = useState(0);
  const result = results[chosen];
  const ladder = at(document, "ladder");
  const says = texts([at(ladder, "says")])[0];
  const gates = outcomeOf(at(document, "gates"));
  return (
    <>
      <Head document={document} word={gates.word} tone={gates.tone} title={gates.says ?? says ?? (results.length === 0 ? "Nothing was measured." : results.length === 1 ? `${names[0]}: KLD ${metricText("kld_mean", at(result, "metrics", "kld_mean"))}` : `${results.length} candidates were measured.`)}>
        {gates.says && says && <p class="rest">{says}</p>}
        <p class="dim">original: <Name of={fileName(text(at(document, "baseline", "path"))) || "not given"} /> {known(at(document, "baseline")) ? cardLine(at(document, "baseline")) : ""}</p>
      </Head>
      <Gates gates={at(document, "gates")} />
      {known(ladder) && (
        <Section id="ladder" title="Which one to take">
          <Ladder ladder={ladder} floor={floorOf(at(result, "resolution"))} silent />
        </Section>
      )}
      {results.length > 0 && <Results results={results} names={names} />}
      {results.length > 1 && (
        <p class="choose">
          <label>Candidate in detail{" "}
            <select value={chosen} onChange={(event) => setChosen(Number(event.currentTarget.value))}>
              {names.map((name, i) => <option key={i} value={i}>{clipped(name, 60)}</option>)}
            </select>
          </label>
        </p>
      )}
      {result !== undefined && <Candidate key={chosen} result={result} name={names[chosen] ?? ""} />}
      <p class="dim small end">Made with {versions(document)}.</p>
      <RawJson document={document} />
    </>
  );
}
