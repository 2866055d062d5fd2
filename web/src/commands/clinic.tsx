// The page of `qualm clinic`: what was put in, and what was found.
import { at, label, list, metric, number, text, texts, type Json } from "../document/read";
import { formatEstimate } from "../format/number";
import { formatSeconds } from "../format/units";
import { clipped } from "../format/visible";
import { versions } from "../diagnose/how";
import { Badge, Name, Section } from "../ui/parts";
import { RawJson } from "../ui/raw_json";
import { Table } from "../ui/table";
import { Head } from "./head";

function Confusion({ confusion }: { confusion: Json[] }) {
  const causes = [...new Set(confusion.map((one) => label(at(one, "cause"))))];
  const found = [...new Set([...causes, ...confusion.map((one) => label(at(one, "found")))])];
  const count = (cause: string, answer: string): number =>
    number(at(confusion.find((one) => label(at(one, "cause")) === cause && label(at(one, "found")) === answer), "patients")) ?? 0;
  return (
    <Section id="confusion" title="What was put in (rows) and what was found (columns)">
      <Table
        caption="What was put in and what was found"
        columns={[{ title: "Put in \\ found" }, ...found.map((title) => ({ title, numeric: true }))]}
        rows={causes.map((cause) => [
          cause,
          ...found.map((answer) => {
            const cases = count(cause, answer);
            return cases > 0 ? <span class={`count ${cause === answer ? "right" : "wrong"}`}>{cases}</span> : "";
          }),
        ])}
      />
    </Section>
  );
}

function shares(one: Json): string {
  return list(at(one, "shares"))
    .map((share) => {
      const shown = (side: string): string => {
        const value = metric(at(share, side));
        return value ? formatEstimate(value, { interval: false }) : "not known";
      };
      return `${label(at(share, "check"))} ${shown("found")} (truth: ${shown("truth")}${at(share, "holds") === false ? ", DIFFERENT" : ""})`;
    })
    .join(", ");
}

function remarks(one: Json): string {
  return [
    ...texts(at(one, "missed")).map((name) => `MISSED ${name}`),
    ...texts(at(one, "false_alarms")).map((name) => `FALSE ${name}`),
    shares(one),
    label(at(one, "alone", "found")) && `without the original: ${label(at(one, "alone", "found"))}${text(at(one, "alone", "answer")) === "wrong" ? " (WRONG)" : ""}`,
    at(one, "with_pack", "agrees") === false && `WITH A PACK: loss ${text(at(one, "with_pack", "loss"))}, cache ${text(at(one, "with_pack", "cache"))}`,
  ].filter(Boolean).join("; ");
}

export function Clinic({ document }: { document: Json }) {
  const right = number(at(document, "right")) ?? 0;
  const wrong = number(at(document, "wrong")) ?? 0;
  const compared = number(at(document, "shares", "compared")) ?? 0;
  const cases = list(at(document, "patients"));
  const left = texts(at(document, "left_out"));
  return (
    <>
      <Head document={document} word={wrong > 0 ? "WRONG ANSWERS" : "ALL RIGHT"} tone={wrong > 0 ? "bad" : "good"} title={`Right: ${right}. Wrong: ${wrong}.`}>
        {compared > 0 && <p class="rest">The share that was found agrees with the true share in {number(at(document, "shares", "hold")) ?? 0} of {compared} cases.</p>}
        <p class="dim">original: <Name of={text(at(document, "baseline"))} /> · text: <Name of={text(at(document, "text"))} /> · took {formatSeconds(number(at(document, "seconds")) ?? -1)}</p>
      </Head>
      <Confusion confusion={list(at(document, "confusion"))} />
      <Section id="cases" title="Cases">
        <Table
          caption="Cases"
          columns={[{ title: "Case" }, { title: "Real loss" }, { title: "True cause" }, { title: "Found" }, { title: "Answer" }, { title: "Windows", numeric: true }, { title: "Time", numeric: true }, { title: "Says", wide: true }]}
          rows={cases.map((one) => [
            <Name key="name" of={text(at(one, "name"))} most={60} />,
            label(at(one, "truth", "harm")),
            [label(at(one, "cause")), text(at(one, "also"))].filter(Boolean).join(" + "),
            label(at(one, "found")),
            at(one, "right") === true ? <Badge key="answer" word="right" tone="good" /> : <Badge key="answer" word="WRONG" tone="bad" />,
            String(number(at(one, "windows", "read")) ?? ""),
            formatSeconds(number(at(one, "spent", "seconds")) ?? -1),
            clipped(remarks(one), 400),
          ])}
        />
        {left.length > 0 && <p>Not made (their model was not given): {clipped(left.join(", "), 500)}</p>}
      </Section>
      <p class="dim small end">Made with {versions(document)}.</p>
      <RawJson document={document} />
    </>
  );
}
