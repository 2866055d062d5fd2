// The ladder in figures, with the words of the terminal.
import { absent, at, number, text, type Json } from "../document/read";
import { formatValue } from "../format/number";
import { formatBytes } from "../format/units";
import { metricText } from "../format/words";
import { Name } from "../ui/parts";
import { Table, type Column } from "../ui/table";
import type { Rung } from "./rungs";

function limitKept(json: Json, marks: string[]): string {
  const answer = text(at(json, "keeps_limit"));
  if (answer === "lost") return "no: positions without finite logits";
  if (answer === "cannot_tell") return "cannot tell";
  return marks.includes("smallest") ? "yes, smallest" : answer;
}

const bytes = (value: number | null): string => (value === null ? "not known" : formatBytes(value));

export function LadderTable({ rungs, estimated }: { rungs: Rung[]; estimated: boolean }) {
  const columns: Column[] = [
    { title: "Candidate" },
    { title: "File", numeric: true },
    { title: "With cache", numeric: true },
    { title: "KLD", numeric: true },
    { title: estimated ? "Published for Llama-3-8B" : "Perplexity change", numeric: true },
    { title: "Grade" },
    { title: "Limit kept" },
    { title: "Fits" },
    { title: "Windows", numeric: true },
  ];
  const rows = rungs.map(({ json, name, marks, fileBytes, memoryBytes }) => {
    const published = number(at(json, "published_kld"));
    const fits = at(json, "fits");
    const grade = at(json, "grade");
    return [
      <span class={name.length <= 32 ? "nowrap" : ""}>
        <Name of={name} most={60} />
        {marks.includes("yours") ? " (yours)" : ""}
        {marks.includes("pick") ? " ★" : ""}
      </span>,
      bytes(fileBytes),
      bytes(memoryBytes),
      metricText("kld_mean", at(json, "kld_mean")),
      estimated
        ? published === null ? "-" : formatValue(published)
        : metricText("ppl_change", at(json, "ppl_change")),
      absent(grade) === null ? text(grade) : "not known",
      limitKept(json, marks),
      typeof fits === "boolean" ? (fits ? "yes" : "no") : "not known",
      String(number(at(json, "windows")) ?? ""),
    ];
  });
  return <Table caption="Candidates by size" columns={columns} rows={rows} />;
}
