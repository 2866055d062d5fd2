// Where the loss comes from, and what each fix does to it.
import { at, label, list, metric, text, type Json, type Metric } from "../document/read";
import { Arrow, Bar, Rows, type Row } from "../chart/rows";
import { linearAxis, logAxis, type Axis } from "../chart/scale";
import { formatEstimate } from "../format/number";
import { isChange, metricLabel } from "../format/words";
import { Name, Part, Section } from "../ui/parts";

export function Shares({ document }: { document: Json }) {
  const axis = linearAxis(0, 1, true, 4);
  const shared = list(at(document, "checks")).flatMap((check) => {
    const share = metric(at(check, "share"));
    return share ? [{ check, share }] : [];
  });
  if (shared.length === 0) return null;
  const rows = shared.map(({ check, share }): Row => {
    const logPpl = list(at(check, "evidence")).find((one) => label(at(one, "name")) === "share_ln_ppl");
    const other = metric(logPpl);
    return {
      name: label(at(check, "title")),
      graphic: (
        <Bar
          at={axis.at(share.value)}
          low={share.low === null ? undefined : axis.at(share.low)}
          high={share.high === null ? undefined : axis.at(share.high)}
          kind={text(at(check, "status"))}
        />
      ),
      figures: [formatEstimate(share), other ? formatEstimate(other) : "-"],
    };
  });
  return (
    <Part title="Shares of the loss">
      <Rows caption="Shares of the loss" columns={["Check", "of the KLD", "of the change of ln perplexity"]} axis={axis} rows={rows} />
    </Part>
  );
}

interface Change {
  name: string;
  before: Metric;
  after: Metric;
}

function changesOf(document: Json, id: string): Change[] {
  return list(at(document, "remedies")).flatMap((remedy) => {
    const before = metric(at(remedy, "before", id));
    const after = metric(at(remedy, "after", id));
    return before && after ? [{ name: label(at(remedy, "name")), before, after }] : [];
  });
}

function axisOf(id: string, changes: Change[]): Axis {
  const values = changes.flatMap(({ before, after }) => [before.value, after.value]);
  if (id === "kld_mean") return logAxis(values, 4);
  if (id === "same_top") return linearAxis(Math.min(...values, 0.9), 1, true, 3);
  return linearAxis(Math.min(0, ...values), Math.max(...values, 0), true, 3);
}

export function Effects({ document }: { document: Json }) {
  const ids = ["kld_mean", "ppl_change", "same_top"].filter((id) => changesOf(document, id).length > 0);
  if (ids.length === 0) return null;
  return (
    <Part title="Before and after each fix" lead="From the hollow mark, as you run it now, to the arrow.">
      <div class="effects">
      {ids.map((id) => {
        const changes = changesOf(document, id);
        const axis = axisOf(id, changes);
        const shown = (m: Metric): string => formatEstimate(m, { change: isChange(id) });
        return (
          <Rows
            key={id}
            caption={`${metricLabel(id)} before and after each fix`}
            columns={[metricLabel(id), "before", "after"]}
            axis={axis}
            rows={changes.map(({ name, before, after }) => ({
              name: <Name of={name} most={60} />,
              graphic: <Arrow from={axis.at(before.value)} to={axis.at(after.value)} />,
              figures: [shown(before), shown(after)],
            }))}
          />
        );
      })}
      </div>
    </Part>
  );
}

export function Causes({ document }: { document: Json }) {
  const shared = list(at(document, "checks")).some((check) => metric(at(check, "share")));
  const fixed = list(at(document, "remedies")).some((remedy) => metric(at(remedy, "after", "kld_mean")));
  if (!shared && !fixed) return null;
  return (
    <Section id="causes" title="Where the loss comes from">
      <Shares document={document} />
      <Effects document={document} />
    </Section>
  );
}
