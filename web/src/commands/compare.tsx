// The page of `qualm compare`: how far the weights are from the original's, and whose they are.
import { absent, at, fileName, known, label, list, number, text, texts, type Json } from "../document/read";
import { formatValue } from "../format/number";
import { formatCount } from "../format/units";
import { cardLine, metricText } from "../format/words";
import { clipped } from "../format/visible";
import { Facts, versions } from "../diagnose/how";
import { Name, Part, Section } from "../ui/parts";
import { RawJson } from "../ui/raw_json";
import { Table, type Column } from "../ui/table";
import { Weights } from "../weights/weights";
import { Head } from "./head";

const kOrigins: Record<string, string> = {
  fine_tune: "A quant of the original.",
  base: "A quant of the base model.",
  merge: "A quant of a merge.",
  neither: "A quant of neither model.",
  cannot_tell: "Cannot tell whose weights these are.",
};

const percent = (value: Json): string => {
  const known = number(value);
  return known === null ? "-" : formatValue(known, { percent: true });
};
const plain = (value: Json, decimals: number): string => number(value)?.toFixed(decimals) ?? "-";

const kFigures: [string, (row: Json) => string][] = [
  ["bpw", (row) => plain(at(row, "bpw"), 2)],
  ["rel. error", (row) => percent(at(row, "relative_error"))],
  ["SQNR dB", (row) => plain(at(row, "sqnr_db"), 1)],
  ["cosine", (row) => plain(at(row, "cosine"), 6)],
  ["half step", (row) => percent(at(row, "within_half_step"))],
  ["ideal bits", (row) => plain(at(row, "effective_bits"), 2)],
  ["error share", (row) => percent(at(row, "error_share"))],
];

function ErrorTable({ title, rows, first, name }: { title: string; rows: Json[]; first: string; name: (row: Json) => string }) {
  if (rows.length === 0) return null;
  const columns: Column[] = [{ title: first }, ...kFigures.map(([figure]) => ({ title: figure, numeric: true }))];
  return (
    <Part title={title}>
      <Table
        caption={title}
        columns={columns}
        rows={rows.slice(0, 400).map((row) => [<Name key="name" of={name(row)} most={60} />, ...kFigures.map(([, show]) => show(row))])}
      />
    </Part>
  );
}

/// Documents without `weights`: the same from what compare has always said of its tensors.
function weightsOf(document: Json): Json {
  const given = at(document, "weights");
  if (given !== null) return given;
  const tensors = list(at(document, "tensors")).map((tensor): Json => {
    const name = label(at(tensor, "name"));
    const layer = /(?:^|\.)(?:blk|layers)\.(\d+)\./.exec(name);
    const bits = number(at(tensor, "bpw"));
    const parameters = number(at(tensor, "params"));
    return {
      name: at(tensor, "name"),
      class: at(tensor, "class"),
      layer: layer ? Number(layer[1]) : null,
      type: at(tensor, "type"),
      parameters,
      bytes: bits === null || parameters === null ? null : Math.round((bits * parameters) / 8),
      error: at(tensor, "relative_error"),
      excess: null,
    };
  });
  return { says: "The colour is the relative error: how far the weights are from the original's.", tensors };
}

function Provenance({ json }: { json: Json }) {
  if (!known(json)) return null;
  const kept = at(json, "kept");
  const strangers = list(at(json, "strangers"));
  return (
    <Section id="provenance" title="Whose weights these are" lead={`${kOrigins[text(at(json, "origin"))] ?? text(at(json, "origin"))} ${text(at(json, "says"))}`}>
      <Facts
        rows={[
          ["alpha", metricText("alpha", at(json, "alpha"))],
          ["Within half a step of the original", metricText("", at(json, "within_half_step_of_baseline"))],
          ["Within half a step of the base model", metricText("", at(json, "within_half_step_of_base"))],
          ["Unexplained", percent(at(json, "residual_share"))],
          ["Unquantized tensors", ["baseline", "base", "both", "neither"].map((side) => `${number(at(kept, side)) ?? 0} equal ${side === "baseline" ? "the original's" : side === "base" ? "the base model's" : side}`).join(", ")],
        ]}
      />
      {strangers.length > 0 && (
        <Part title="Mismatched tensors">
          <Table caption="Mismatched tensors" columns={[{ title: "Tensor" }, { title: "Says", wide: true }]} rows={strangers.map((one) => [<Name key="name" of={text(at(one, "tensor"))} />, clipped(text(at(one, "says")), 400)])} />
        </Part>
      )}
    </Section>
  );
}

export function Compare({ document }: { document: Json }) {
  const whole = at(document, "whole");
  const equal = number(at(whole, "relative_error")) === 0;
  const title = equal
    ? "All compared weights are equal."
    : `The weights differ from the original's by ${percent(at(whole, "relative_error"))} (relative error).`;
  const largest = at(whole, "max_error");
  const missing: [string, string[]][] = [
    ["Only in the model", texts(at(document, "only_in_model"))],
    ["Only in the original", texts(at(document, "only_in_baseline"))],
    ["Not compared", list(at(document, "not_compared")).map((one) => `${label(at(one, "name"))}: ${text(at(one, "says"))}`)],
  ];
  return (
    <>
      <Head document={document} title={title}>
        <Facts
          rows={[
            ["Model", `${fileName(text(at(document, "model", "path")))}: ${cardLine(at(document, "model"))}`],
            ["Against", `${fileName(text(at(document, "baseline", "path")))}: ${cardLine(at(document, "baseline"))}`],
            ["Base model", known(at(document, "base_model")) ? `${fileName(text(at(document, "base_model", "path")))}: ${cardLine(at(document, "base_model"))}` : ""],
            ["Compared", `${formatCount(number(at(whole, "params")) ?? 0)} weights in ${number(at(whole, "tensors")) ?? 0} tensors`],
            ["SQNR, cosine", `${plain(at(whole, "sqnr_db"), 1)} dB, ${plain(at(whole, "cosine"), 6)}`],
            ["Within half a rounding step", percent(at(whole, "within_half_step"))],
            ["Largest error", absent(largest) === null && number(at(largest, "value")) ? `${formatValue(number(at(largest, "value")) ?? 0)} in ${text(at(largest, "tensor"))}, row ${number(at(largest, "row")) ?? "?"}, column ${number(at(largest, "column")) ?? "?"}` : ""],
          ]}
        />
        {list(at(document, "notes")).map((note, i) => <p key={i}>{clipped(text(at(note, "says")), 500)}</p>)}
      </Head>
      <Provenance json={at(document, "provenance")} />
      <Weights weights={weightsOf(document)} />
      <Section id="errors" title="Errors of the weights">
        <ErrorTable title="Classes of tensors" first="Class" rows={list(at(document, "classes"))} name={(row) => label(at(row, "name"))} />
        <ErrorTable title="Largest relative errors" first="Tensor" rows={list(at(document, "offenders"))} name={(row) => label(at(row, "name"))} />
        <ErrorTable title="Layers" first="Layer" rows={list(at(document, "layers"))} name={(row) => String(number(at(row, "layer")) ?? "outside of the layers")} />
      </Section>
      {missing.some(([, names]) => names.length > 0) && (
        <Section id="missing" title="Not in the figures">
          <Facts rows={missing.map(([title, names]): [string, string] => [title, names.join(", ")])} />
        </Section>
      )}
      <p class="dim small end">Made with {versions(document)}.</p>
      <RawJson document={document} />
    </>
  );
}
