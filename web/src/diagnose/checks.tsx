// The six checks with their evidence; what was not examined, with what to give, is its own list.
import { absent, at, label, list, metric, raw, text, texts, type Json } from "../document/read";
import { formatEstimate } from "../format/number";
import { clipped } from "../format/visible";
import { statusWord } from "../format/words";
import { Badge, Command, Part, Section } from "../ui/parts";
import { Table } from "../ui/table";

const isExamined = (check: Json): boolean => text(at(check, "status")) !== "not_examined";

function Evidence({ check }: { check: Json }) {
  const evidence = list(at(check, "evidence"));
  const needs = texts(at(check, "needs"));
  return (
    <div class="evidence">
      {evidence.length === 0 && <p class="dim">No more figures: the line above is all that was found.</p>}
      <dl>
        {evidence.map((one, i) => (
          <div key={i}>
            <dt><code>{clipped(label(at(one, "name")), 60)}</code></dt>
            <dd>{clipped(text(at(one, "says")), 600)}</dd>
          </div>
        ))}
      </dl>
      {needs.map((need) => <p key={need}><strong>needs</strong> {clipped(need, 400)}</p>)}
    </div>
  );
}

function Check({ check, index }: { check: Json; index: number }) {
  const status = statusWord(check);
  const share = metric(at(check, "share"));
  return (
    <details class={`check ${status.tone}`}>
      <summary>
        <span class="number">{index}</span>
        <span class="title">{label(at(check, "title"))}</span>
        <Badge {...status} />
        <span class="finding">
          {share && <strong>{formatEstimate(share)} of the loss; </strong>}
          {clipped(text(at(check, "headline")), 400)}
        </span>
      </summary>
      <Evidence check={check} />
    </details>
  );
}

export function Checks({ document }: { document: Json }) {
  const checks = list(at(document, "checks")).map((check, index) => ({ check, index }));
  if (checks.length === 0) return null;
  return (
    <Section id="checks" title="What was examined" lead="Open a check to see its evidence.">
      <div class="checks">
        {checks.filter(({ check }) => isExamined(check)).map((one) => <Check key={one.index} {...one} />)}
      </div>
      <NotExamined checks={checks} />
      <LeftOut document={document} />
    </Section>
  );
}

function NotExamined({ checks }: { checks: { check: Json; index: number }[] }) {
  const open = checks.filter(({ check }) => !isExamined(check));
  const partly = checks.filter(({ check }) => isExamined(check) && texts(at(check, "needs")).length > 0);
  if (open.length + partly.length === 0) return null;
  return (
    <Part title="Not examined" lead="Not looked at does not mean fine.">
      <ul class="missing">
        {[...open, ...partly].map(({ check, index }) => (
          <li key={index}>
            <span class="number">{index}</span>
            <div>
              <strong>{label(at(check, "title"))}</strong>
              {!isExamined(check) && text(at(check, "headline")) && <span class="dim">: {clipped(text(at(check, "headline")), 300)}</span>}
              {texts(at(check, "needs")).map((need) => <p key={need}>Give: {clipped(need, 400)}</p>)}
            </div>
          </li>
        ))}
      </ul>
    </Part>
  );
}

function LeftOut({ document }: { document: Json }) {
  const left = list(at(document, "left_out"));
  if (left.length === 0) return null;
  return (
    <Part title="Not done: no time left (--budget)">
      <Table
        caption="Not done: no time left"
        columns={[{ title: "For" }, { title: "Not measured", wide: true }]}
        rows={left.map((one) => [text(at(one, "for")), text(at(one, "what"))])}
      />
      <Command text={raw(at(left[0], "command"))} label="the command that measures it" />
    </Part>
  );
}

const kFindings: Record<string, [string, "bad" | "warning" | "good" | "dim"]> = {
  worse: ["WORSE", "bad"],
  shared: ["original too", "warning"],
  alike: ["not worse", "good"],
  no_control: ["not compared", "dim"],
};

export function Symptoms({ document }: { document: Json }) {
  const symptoms = list(at(document, "symptoms"));
  if (symptoms.length === 0) return null;
  const sameWeights = symptoms.some((one) => text(at(one, "says")).includes("the same weights with an F16 cache"));
  const rows = symptoms.map((one) => {
    const finding = text(at(one, "finding"));
    const [word, tone] = kFindings[finding] ?? ["not examined", "dim"];
    return [
      label(at(one, "symptom")),
      <Badge key="finding" word={finding === "shared" && sameWeights ? "F16 too" : word} tone={tone} />,
      clipped(text(at(one, "says")), 400),
    ];
  });
  return (
    <Section id="symptoms" title="Symptoms" lead={absent(at(document, "symptoms")) ?? "Written texts and long context, compared with the original."}>
      <Table caption="Symptoms" columns={[{ title: "Symptom" }, { title: "Finding" }, { title: "Says", wide: true }]} rows={rows} />
    </Section>
  );
}
