// The loss by position, by kind of text, and by how sure the original was.
import { absent, at, list, metric, number, text, type Json } from "../document/read";
import { Depth, seriesOf } from "../chart/depth";
import { KldRows, type Group } from "../chart/kld_rows";
import { formatValue } from "../format/number";
import { grouped } from "../format/units";
import { Name, Part, Section } from "../ui/parts";

function group(json: Json, name: Group["name"], count: string): Group {
  const kld = at(json, "kld_mean");
  return { name, count: grouped(number(at(json, count)) ?? 0), kld: metric(kld), why: absent(kld) ?? "" };
}

const percent = (value: Json): string => formatValue(number(value) ?? 0, { percent: true });

export function confidenceGroups(confidence: Json): Group[] {
  return list(confidence).map((one) =>
    group(
      one,
      <span class="nowrap">{`${percent(at(one, "low")).replace(" %", "")} to ${percent(at(one, "high"))}`}</span>,
      "tokens",
    ),
  );
}

export function Where({ depth, domains, confidence }: { depth: Json; domains: Json; confidence: Json }) {
  const byDomain = list(domains).map((one) => group(one, <Name of={text(at(one, "name"))} most={60} />, "windows"));
  const byConfidence = confidenceGroups(confidence);
  const byDepth = seriesOf(depth).length > 0;
  if (!byDepth && byDomain.length + byConfidence.length === 0) return null;
  return (
    <Section id="where" title="Where in the text the loss is">
      {byDepth && (
        <Part title="By depth" lead="Position of the token in its window. A cache with too few bits loses more the deeper it is read.">
          <Depth depth={depth} />
        </Part>
      )}
      <div class="columns">
        {byDomain.length > 0 && (
          <Part title="By kind of text">
            <KldRows caption="KLD by kind of text" of="Text" counted="windows" groups={byDomain} />
          </Part>
        )}
        {byConfidence.length > 0 && (
          <Part title="By confidence of the original" lead="Its highest probability for the next token.">
            <KldRows caption="KLD by confidence of the original" of="Probability" counted="tokens" groups={byConfidence} />
          </Part>
        )}
      </div>
    </Section>
  );
}
