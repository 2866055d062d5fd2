// Two runs side by side.
import { useState } from "preact/hooks";
import { at, isObject, type Json } from "../document/read";
import { clipped } from "../format/visible";
import { Name } from "../ui/parts";
import { Scroller } from "../ui/table";
import { jobPath } from "./client";
import { comparisonOf, type Group } from "./comparison";
import { Heading, useHeadingFocus } from "./heading";
import { titleOf, whenOf } from "./job_words";
import { ProblemText } from "./problem";
import { useAnswer } from "./use";

export function CompareView({ a, b, moved }: { a: string; b: string; moved: boolean }) {
  const one = useAnswer(jobPath(a));
  const other = useAnswer(jobPath(b));
  const [only, setOnly] = useState(false);
  useHeadingFocus(moved, "Two runs compared");
  const problem = one.problem ?? other.problem;
  const [first, second] = [at(one.json, "document"), at(other.json, "document")];
  const ready = one.json !== undefined && other.json !== undefined;
  return (
    <div class="page-top">
      <p class="job-line"><a href="#runs">Runs</a></p>
      <Heading>Two runs compared</Heading>
      {problem && <ProblemText problem={problem} />}
      {!problem && !ready && <p class="dim">Loading.</p>}
      {ready && !(isObject(first) && isObject(second)) && <p>Only runs with a report can be compared.</p>}
      {ready && isObject(first) && isObject(second) && (
        <>
          <p><label><input type="checkbox" checked={only} onChange={(event) => setOnly(event.currentTarget.checked)} /> Only what differs</label></p>
          <Side groups={comparisonOf(first, second)} jobs={[one.json ?? null, other.json ?? null]} ids={[a, b]} only={only} />
        </>
      )}
    </div>
  );
}

function Side({ groups, jobs, ids, only }: { groups: Group[]; jobs: Json[]; ids: string[]; only: boolean }) {
  const shown = groups.map((group) => ({ ...group, pairs: only ? group.pairs.filter(({ differs }) => differs) : group.pairs })).filter(({ pairs }) => pairs.length > 0);
  return (
    <Scroller label="Two runs compared">
      <table class="side-by-side">
        <caption class="hidden">Two runs compared</caption>
        <thead>
          <tr>
            <td />
            {jobs.map((job, i) => (
              <th key={i} scope="col">
                <a href={`#job=${ids[i]}`}><Name of={titleOf(job)} most={60} /></a>
                <br /><span class="dim">{whenOf(job)}</span>
              </th>
            ))}
            <th scope="col">difference</th>
          </tr>
        </thead>
        {shown.map(({ title, pairs }) => (
          <tbody key={title}>
            <tr class="group-title"><th colSpan={4} scope="rowgroup">{title}</th></tr>
            {pairs.map((pair, i) => (
              <tr key={i} class={pair.differs ? "differs" : ""}>
                <th scope="row">{clipped(pair.name, 60)}</th>
                <td>{clipped(pair.a, 500)}</td>
                <td>{clipped(pair.b, 500)}</td>
                <td class="mark-cell">{pair.differs ? <span class="mark-differs">≠ differs</span> : <span class="dim">{pair.a === pair.b ? "same" : ""}</span>}{pair.note && pair.differs && <><br /><span class="dim small">{pair.note}</span></>}</td>
              </tr>
            ))}
          </tbody>
        ))}
        {shown.length === 0 && <tbody><tr><td colSpan={4}>Nothing differs.</td></tr></tbody>}
      </table>
    </Scroller>
  );
}
