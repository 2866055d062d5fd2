// The page of `qualm inspect`: what the file itself says.
import { absent, at, entries, fileName, flag, label, list, number, raw, text, texts, type Json } from "../document/read";
import { formatBytes, formatCount } from "../format/units";
import { cardLine, metricText } from "../format/words";
import { clipped, visible } from "../format/visible";
import { Facts, versions } from "../diagnose/how";
import { Name, Part, Section } from "../ui/parts";
import { RawJson } from "../ui/raw_json";
import { Table } from "../ui/table";
import { Head } from "./head";

const size = (json: Json): string => (number(json) === null ? "not known" : formatBytes(number(json) ?? 0));

function integrityWords(json: Json): string {
  const status = text(at(json, "status"));
  if (status === "whole") return "every weight was read: no damage found";
  return status === "damaged" ? `DAMAGED: ${texts(at(json, "findings")).join("; ")}` : "not examined (--verify)";
}

function runtimeWords(json: Json): string {
  const name = label(at(json, "name"));
  const loads = at(json, "loads");
  if (!name || typeof loads !== "boolean") return absent(json) ?? "";
  return `${name} ${loads ? "loads" : "does not load"} this format (nothing was run)`;
}

export function Inspect({ document }: { document: Json }) {
  const model = at(document, "model");
  const name = fileName(text(at(model, "path"))) || "a model";
  const risks = list(at(document, "risks"));
  const summary = text(at(document, "summary"));
  const damaged = text(at(document, "integrity", "status")) === "damaged";
  const experts = at(model, "experts");
  return (
    <>
      <Head document={document} word={damaged ? "DAMAGED" : ""} tone={damaged ? "bad" : "plain"} title={clipped(summary || name, 400)}>
        <p class="dim"><Name of={name} />, {cardLine(model)}</p>
      </Head>
      {risks.length > 0 && (
        <Section id="risks" title="Risks">
          <ul>{risks.map((risk, i) => <li key={i}>{clipped(text(at(risk, "says")), 500)} <code class="dim">{text(at(risk, "id"))}</code></li>)}</ul>
        </Section>
      )}
      <Section id="model" title="The file">
        <Facts
          rows={[
            ["Name", label(at(model, "name"))],
            ["File", size(at(model, "file_bytes"))],
            ["Context", number(at(model, "context_length")) === null ? (absent(at(model, "context_length")) ?? "") : `${number(at(model, "context_length"))} tokens`],
            ["Tokenizer", [text(at(model, "tokenizer", "model")), text(at(model, "tokenizer", "pre")), number(at(model, "tokenizer", "vocab_size")) === null ? "" : `${number(at(model, "tokenizer", "vocab_size"))} tokens`, `sha256 ${raw(at(model, "tokenizer", "sha256")).slice(0, 12)}`].filter(Boolean).map(visible).join(", ")],
            ["Embeddings", flag(at(model, "tied_embeddings")) ? "tied: the embedding is the output matrix" : ""],
            ["Experts", absent(experts) ?? entries(experts).map(([key, value]) => `${key} ${visible(String(value))}`).join(", ")],
            ["Runtime", runtimeWords(at(document, "runtime"))],
            ["Integrity", integrityWords(at(document, "integrity"))],
          ]}
        />
      </Section>
      <Section id="types" title="What it consists of">
        <div class="columns">
          <Part title="Types">
            <Table
              caption="Types"
              columns={[{ title: "type" }, { title: "tensors", numeric: true }, { title: "weights", numeric: true }, { title: "size", numeric: true }]}
              rows={entries(at(model, "types")).map(([type, of]) => [<Name key="name" of={type} most={40} />, String(number(at(of, "tensors")) ?? ""), formatCount(number(at(of, "params")) ?? 0), size(at(of, "bytes"))])}
            />
          </Part>
          <Part title="Classes of tensors" lead="error: how far rounding moved the weights, relative to their size (RMS), estimated from this file alone.">
            <Table
              caption="Classes of tensors"
              columns={[{ title: "class" }, { title: "tensors", numeric: true }, { title: "weights", numeric: true }, { title: "size", numeric: true }, { title: "bpw", numeric: true }, { title: "error", numeric: true }, { title: "types" }]}
              rows={entries(at(model, "classes")).map(([kind, of]) => [
                <Name key="name" of={kind} most={40} />,
                String(number(at(of, "tensors")) ?? ""),
                formatCount(number(at(of, "params")) ?? 0),
                size(at(of, "bytes")),
                number(at(of, "bpw"))?.toFixed(2) ?? "",
                absent(at(of, "estimated_error")) === null ? metricText("", at(of, "estimated_error"), { interval: false }) : "-",
                clipped(texts(at(of, "types")).join(", "), 80),
              ])}
            />
          </Part>
        </div>
        {entries(at(model, "provenance")).length > 0 && (
          <Part title="Origin, as the file states it">
            <Facts rows={entries(at(model, "provenance")).map(([key, value]): [string, string] => [key, typeof value === "string" ? visible(value) : visible(JSON.stringify(value))])} />
          </Part>
        )}
      </Section>
      <p class="dim small end">Made with {versions(document)}.</p>
      <RawJson document={document} />
    </>
  );
}
