// What a diagnosis will read, and about how long that takes.
import { at, fileName, label, list, number, text, type Json } from "../document/read";
import { formatBytes, formatSeconds } from "../format/units";
import { Section } from "../ui/parts";
import { RawJson } from "../ui/raw_json";
import { Table } from "../ui/table";
import { Head } from "./head";

const rowsOf = (step: Json): string[][] =>
  list(at(step, "readings")).map((one, i) => [
    i === 0 ? label(at(step, "title")) : "",
    label(at(one, "model")),
    String(number(at(one, "windows")) ?? ""),
    formatSeconds(number(at(one, "seconds")) ?? 0),
  ]);

export function Plan({ document }: { document: Json }) {
  const steps = list(at(document, "steps"));
  const [needed, free] = [number(at(document, "memory", "needed_estimated")), number(at(document, "memory", "free"))];
  const title = steps.length > 0 ? `A diagnosis takes about ${formatSeconds(number(at(document, "seconds")) ?? 0)}.` : "Only the files are examined: nothing is run.";
  return (
    <>
      <Head document={document} title={title}>
        <p class="rest">
          {fileName(text(at(document, "model", "path")))}
          {needed !== null && free !== null && `; about ${formatBytes(needed)} of memory, ${formatBytes(free)} are free`}
        </p>
      </Head>
      {steps.length > 0 && (
        <Section id="plan" title="What is read" lead="It takes more where the usual number of windows does not decide, and less where windows are saved from earlier runs.">
          <Table caption="What is read" columns={[{ title: "Step" }, { title: "Model" }, { title: "Windows", numeric: true }, { title: "Time", numeric: true }]} rows={steps.flatMap(rowsOf)} />
        </Section>
      )}
      <RawJson document={document} />
    </>
  );
}
