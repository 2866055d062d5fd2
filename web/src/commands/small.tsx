// The short pages: models, repair, reference, an error, and a command that is not known here.
import { absent, at, fileName, label, list, number, text, texts, type Json } from "../document/read";
import { formatBytes, formatCount } from "../format/units";
import { clipped } from "../format/visible";
import { metricText } from "../format/words";
import { Facts, versions } from "../diagnose/how";
import { Name, Section } from "../ui/parts";
import { RawJson } from "../ui/raw_json";
import { Table } from "../ui/table";
import { Head } from "./head";

const size = (json: Json): string => (number(json) === null ? "-" : formatBytes(number(json) ?? 0));

function End({ document }: { document: Json }) {
  return (
    <>
      <p class="dim small end">Made with {versions(document)}.</p>
      <RawJson document={document} />
    </>
  );
}

function hand(one: Json): string {
  const unreadable = absent(at(one, "model"));
  if (unreadable !== null) return `cannot be read: ${unreadable}`;
  if (at(one, "is_original") === true) return "is an original";
  return text(at(one, "original")) || text(at(one, "pack")) || "none";
}

export function Models({ document }: { document: Json }) {
  const models = list(at(document, "models"));
  return (
    <>
      <Head document={document} title={`${models.length} ${models.length === 1 ? "model is" : "models are"} on this machine.`}>
        <p class="rest">Every command takes these names in place of a path.</p>
      </Head>
      <Section id="models" title="Models">
        <Table
          caption="Models"
          columns={[{ title: "model" }, { title: "type" }, { title: "bpw", numeric: true }, { title: "size", numeric: true }, { title: "original or reference pack at hand", wide: true }]}
          rows={models.map((one) => [
            <Name key="name" of={text(at(one, "name"))} most={100} />,
            label(at(one, "model", "type")) || "-",
            number(at(one, "model", "bpw"))?.toFixed(2) ?? "-",
            size(at(one, "model", "file_bytes")),
            <Name key="hand" of={hand(one)} />,
          ])}
        />
      </Section>
      <Section id="stores" title="Looked in">
        <Table caption="Looked in" columns={[{ title: "Store" }, { title: "Path" }, { title: "" }]} rows={list(at(document, "stores")).map((store) => [label(at(store, "name")), <Name key="path" of={text(at(store, "path"))} />, at(store, "exists") === false ? "not there" : ""])} />
      </Section>
      <End document={document} />
    </>
  );
}

export function Repair({ document }: { document: Json }) {
  const changes = list(at(document, "changes"));
  const shown = (json: Json) => (text(json) ? <Name of={text(json)} /> : <span class="dim">(none)</span>);
  return (
    <>
      <Head document={document} title={`${fileName(text(at(document, "output")))} was written with ${changes.length} ${changes.length === 1 ? "change" : "changes"}.`}>
        <p class="dim">from <Name of={text(at(document, "model", "path"))} /></p>
      </Head>
      <Section id="changes" title="Changes">
        <Table caption="Changes" columns={[{ title: "Key" }, { title: "Before", wide: true }, { title: "Now", wide: true }]} rows={changes.map((one) => [<Name key="key" of={text(at(one, "key"))} />, shown(at(one, "was")), shown(at(one, "now"))])} />
      </Section>
      <End document={document} />
    </>
  );
}

export function Reference({ document }: { document: Json }) {
  const pack = at(document, "reference");
  const parameters = number(at(document, "original", "parameters"));
  return (
    <>
      <Head document={document} title={`${fileName(text(at(pack, "path"))) || "The reference pack"} stands for ${fileName(text(at(pack, "original"))) || "an original"}.`}>
        <p class="rest">A reference pack, {size(at(document, "bytes"))}. It holds the texts themselves: pass it on only if you may pass them on.</p>
        <Facts
          rows={[
            ["Original", absent(at(document, "original")) ?? [label(at(document, "original", "arch")), label(at(document, "original", "type")), parameters === null ? "" : `${formatCount(parameters)} weights`, size(at(document, "original", "file_bytes"))].filter(Boolean).join(", ")],
            ["Made with", text(at(pack, "made_with"))],
            ["Quant types in it", texts(at(pack, "types")).join(", ")],
            ["Noise floor", `KLD ${metricText("kld_mean", at(document, "noise_floor"))}`],
          ]}
        />
      </Head>
      <Section id="texts" title="Texts">
        <Table caption="Texts" columns={[{ title: "Text" }, { title: "Text file" }, { title: "Windows", numeric: true }, { title: "Tokens each", numeric: true }, { title: "Original's perplexity", numeric: true }]} rows={list(at(document, "texts")).map((one) => [<Name key="name" of={text(at(one, "name"))} />, <Name key="source" of={text(at(one, "source"))} />, String(number(at(one, "windows")) ?? ""), String(number(at(one, "ctx_size")) ?? ""), metricText("ppl", at(one, "original_ppl"))])} />
      </Section>
      <Section id="types" title="Loss of quant types made from the original, on the first text">
        <Table caption="Loss of quant types" columns={[{ title: "Type" }, { title: "Size", numeric: true }, { title: "KLD", numeric: true }, { title: "Perplexity change", numeric: true }, { title: "Same top token", numeric: true }]} rows={list(at(document, "types")).map((one) => [label(at(one, "name")), size(at(one, "file_bytes")), metricText("kld_mean", at(one, "metrics", "kld_mean")), metricText("ppl_change", at(one, "metrics", "ppl_change")), metricText("same_top", at(one, "metrics", "same_top"))])} />
      </Section>
      <p class="dim">qualm cannot check that a pack really comes from this original: trust it if you trust its maker.</p>
      <End document={document} />
    </>
  );
}

export function Failure({ document }: { document: Json }) {
  const error = at(document, "error");
  const found = text(at(error, "found"));
  const expected = text(at(error, "expected"));
  return (
    <>
      <Head document={document} word="ERROR" tone="bad" title={expected ? `Expected ${expected}${found ? `, found ${found}` : ""}.` : text(at(error, "message")) || "The command failed."}>
        <Facts
          rows={[
            ["Where", [text(at(error, "file")), text(at(error, "place"))].filter(Boolean).join(", ")],
            ["What to do", <strong key="advice">{clipped(text(at(error, "advice")), 600)}</strong>],
            ["Code", `${label(at(error, "code"))} (qualm explain ${label(at(error, "code"))})`],
          ]}
        />
      </Head>
      <End document={document} />
    </>
  );
}

export function Unknown({ document }: { document: Json }) {
  return (
    <>
      <Head document={document} title="This page does not know this kind of report. Here is what it says." />
      <RawJson document={document} open />
    </>
  );
}
