// The conditions of --fail-if, with the words of the terminal.
import { at, fileName, list, number, text, type Json } from "../document/read";
import { formatValue } from "../format/number";
import { Badge, Name, Section } from "../ui/parts";
import { Table } from "../ui/table";

const kFractions = ["ppl_change", "same_top", "delta_p_mean", "delta_p_rms"];

function outcome(gate: Json): { word: string; tone: "bad" | "good" | "warning"; says: string } {
  switch (text(at(gate, "outcome"))) {
    case "holds":
      return { word: "FAIL", tone: "bad", says: "" };
    case "lost":
      return { word: "FAIL", tone: "bad", says: "positions without finite logits" };
    case "does_not_hold":
      return { word: "PASS", tone: "good", says: "" };
    case "below_original":
      return {
        word: "cannot tell",
        tone: "warning",
        says: "the perplexity is below the original's, which is no measure of a loss; use kld_mean",
      };
  }
  const least = number(at(gate, "smallest_detectable"));
  const percent = kFractions.some((name) => text(at(gate, "condition")).startsWith(name));
  return {
    word: "cannot tell",
    tone: "warning",
    says: least === null ? "" : `this text shows only differences of ${formatValue(least, { percent })} or more from the limit; use a longer text (-f)`,
  };
}

/// All conditions in one word, for the head of the page.
export function outcomeOf(gates: Json): { word?: string; tone?: "bad" | "good" | "warning"; says?: string } {
  const all = list(gates).map(outcome);
  const [first] = all;
  if (!first) return {};
  const failed = all.find(({ word }) => word === "FAIL");
  const open = all.find(({ word }) => word === "cannot tell");
  const { word, tone } = failed ?? open ?? first;
  const count = all.filter((one) => one.word === word).length;
  const of = `${count} of ${all.length} ${all.length === 1 ? "condition" : "conditions"} of --fail-if`;
  const says = { FAIL: `${of} failed.`, PASS: "All conditions of --fail-if passed." }[word] ?? `${of} cannot be decided.`;
  return { word: word.toUpperCase(), tone, says };
}

export function Gates({ gates }: { gates: Json }) {
  const rows = list(gates).map((gate) => {
    const { word, tone, says } = outcome(gate);
    return [
      <code key="condition">{text(at(gate, "condition"))}</code>,
      <Name key="name" of={fileName(text(at(gate, "candidate")))} most={60} />,
      <Badge key="outcome" word={word} tone={tone} />,
      says,
    ];
  });
  if (rows.length === 0) return null;
  return (
    <Section id="gates" title="Conditions of --fail-if">
      <Table caption="Conditions of --fail-if" columns={[{ title: "Condition" }, { title: "Candidate" }, { title: "Outcome" }, { title: "Says", wide: true }]} rows={rows} />
    </Section>
  );
}
