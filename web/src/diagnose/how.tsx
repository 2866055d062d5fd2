// How it was measured, and the document itself.
import type { ComponentChildren } from "preact";
import { absent, at, entries, flag, known, label, number, text, type Json } from "../document/read";
import { formatValue } from "../format/number";
import { formatBytes, formatSeconds } from "../format/units";
import { clipped, visible } from "../format/visible";
import { byPack, noiseFloorLine, windowsLine } from "../format/words";
import { Section } from "../ui/parts";
import { RawJson } from "../ui/raw_json";

function levelInWords(document: Json): string {
  const level = label(at(document, "evidence_level"));
  const converter = label(at(document, "baseline", "format")).startsWith("GGUF")
    ? " If the conversion to GGUF made a fault, both files have it, and this cannot show it: to examine that as well, give the Hugging Face folder with --baseline."
    : "";
  if (level === "L3+") return `Compared with the original and its base model.${converter}`;
  if (level === "L3") return `Compared with the original model.${converter}`;
  if (level === "L2" && !byPack(document))
    return "Compared with the original model. Of the candidate only its server's answers are known.";
  if (level === "L2") return "Compared with a reference pack. qualm cannot check that it really comes from this original.";
  if (flag(at(document, "estimated")))
    return "Estimated without an original, from the rounding steps in the file. In 9 of 10 trials the true KLD was within such an interval.";
  return level === "L1" ? "Run without an original model." : "Only the files were examined.";
}

function spentInWords(spent: Json): string {
  const seconds = number(at(spent, "seconds"));
  const passes = number(at(spent, "passes")) ?? 0;
  const variants = number(at(spent, "variants")) ?? 0;
  if (seconds === null) return "";
  if (seconds === 0 && passes === 0) return "No window was run through a model.";
  const windows = passes > 0 ? `Windows run through a model: ${passes}.` : "All windows came from earlier runs.";
  return `Took ${formatSeconds(seconds)}. ${windows}${variants > 0 ? ` Test models made: ${variants}.` : ""}`;
}

export function versions(document: Json): string {
  const engine = at(document, "tool", "libllama");
  return [`${label(at(document, "tool", "name"))} ${label(at(document, "tool", "version"))}`.trim(), text(engine) || absent(engine)]
    .filter(Boolean)
    .join(", ");
}

export function settingsLine(settings: Json): string {
  return entries(settings)
    .map(([name, value]) => `${name} ${typeof value === "object" ? (absent(value) ?? "?") : clipped(visible(String(value)), 64)}`)
    .join(", ");
}

function referenceError(json: Json): string {
  const shown = (name: string): string => {
    const value = number(at(json, name));
    return value === null ? "not known" : formatValue(value);
  };
  const part = number(at(json, "of_half_width"));
  return known(json)
    ? `KLD ${shown("estimated")} instead of ${shown("exact")}${part === null ? "" : `, a difference of ${formatValue(part, { percent: true })} of the interval's half-width`}.`
    : `not measured: ${absent(json) ?? ""}`;
}

export function Facts({ rows }: { rows: [string, ComponentChildren][] }) {
  return (
    <dl class="facts">
      {rows.filter(([, value]) => value).map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{typeof value === "string" ? clipped(value, 800) : value}</dd>
        </div>
      ))}
    </dl>
  );
}

export function HowMeasured({ document }: { document: Json }) {
  const context = number(at(document, "ctx_size"));
  const needed = number(at(document, "memory", "needed_estimated"));
  return (
    <Section id="how" title="How it was measured">
      <Facts
        rows={[
          ["Text", text(at(document, "text"))],
          ["Windows", `${windowsLine(document)}${context === null || !number(at(document, "windows", "total")) ? "" : ` Each has ${context} tokens.`}`],
          ["Original", text(at(document, "original"))],
          ["Protocol", label(at(document, "protocol"))],
          ["Settings", settingsLine(at(document, "settings"))],
          ["Noise floor", noiseFloorLine(at(document, "resolution"))],
          ["Kept distributions", known(at(document, "reference_error")) ? referenceError(at(document, "reference_error")) : ""],
          ["Compared with", levelInWords(document)],
          ["Cost", spentInWords(at(document, "spent"))],
          ["Memory", needed ? `${formatBytes(needed)} needed (estimated), ${formatBytes(number(at(document, "memory", "free")) ?? 0)} free` : ""],
          ["Words", "qualm explain WORD says what a word of this page means."],
          ["Made with", versions(document)],
        ]}
      />
      <RawJson document={document} />
    </Section>
  );
}
