// All runs of this server, the newest first.
import { useEffect, useState } from "preact/hooks";
import { at, list, raw, text, type Json } from "../document/read";
import { formatSeconds } from "../format/units";
import { clipped } from "../format/visible";
import { Badge, Name } from "../ui/parts";
import { useAction } from "./action";
import { jobPath, secondsOf } from "./client";
import { Heading, useHeadingFocus } from "./heading";
import { canRemove, canResume, statusBadge, statusOf, titleOf, verdictBadge, whenOf } from "./job_words";
import { ProblemText } from "./problem";
import { Remove } from "./remove";
import { go } from "./route";
import { useAnswer } from "./use";

const kPoll = 3000; // ms, while something waits or runs
const kShownFirst = 50;

export function RunsView({ moved }: { moved: boolean }) {
  const { json, problem, again } = useAnswer("/api/jobs");
  const [picked, setPicked] = useState<string[]>([]);
  const [most, setMost] = useState(kShownFirst);
  useHeadingFocus(moved, "Runs");
  const jobs = list(json);
  const active = jobs.some((job) => !canRemove(statusOf(job)));
  useEffect(() => {
    if (!active) return;
    const timer = setInterval(again, kPoll);
    return () => clearInterval(timer);
  }, [active]);
  const pick = (id: string, on: boolean) => setPicked((before) => (on ? [...before, id].slice(-2) : before.filter((one) => one !== id)));
  const chosen = picked.filter((id) => jobs.some((job) => at(job, "id") === id));
  const [a, b] = chosen;
  return (
    <div class="page-top">
      <Heading>Runs</Heading>
      {problem && <ProblemText problem={problem} />}
      {json === undefined && !problem && <p class="dim">Loading.</p>}
      {json !== undefined && jobs.length === 0 && <p>Nothing was run yet. <a href="#new">Start a run</a></p>}
      {jobs.length > 1 && (
        <p class="compare-bar">
          <button type="button" disabled={chosen.length !== 2} onClick={() => a && b && go({ view: "compare", a, b })}>Compare two runs</button>{" "}
          <span class="dim small" role="status">{chosen.length === 2 ? "Two are picked." : `Pick two finished runs: ${chosen.length} of 2.`}</span>
        </p>
      )}
      <ul class="runs">
        {jobs.slice(0, most).map((job) => {
          const id = raw(at(job, "id"));
          return <Run key={id} id={id} job={job} picked={chosen.includes(id)} onPick={jobs.length > 1 ? pick : null} again={again} />;
        })}
      </ul>
      {jobs.length > most && <button type="button" onClick={() => setMost(most + 100)}>Show more ({jobs.length - most})</button>}
    </div>
  );
}

interface RunProps {
  id: string;
  job: Json;
  picked: boolean;
  onPick: ((id: string, on: boolean) => void) | null;
  again: () => void;
}

function Run({ id, job, picked, onPick, again }: RunProps) {
  const [removing, setRemoving] = useState(false);
  const { act, busy, problem } = useAction();
  const status = statusOf(job);
  const title = titleOf(job);
  const verdict = verdictBadge(job);
  const summary = text(at(job, "summary"));
  const hasReport = status === "done" || verdict !== null;
  return (
    <li class="run" data-job={id}>
      {onPick && (
        <span class="run-pick">
          {hasReport && <input type="checkbox" checked={picked} aria-label={`Compare: ${title}, ${whenOf(job)}`} onChange={(event) => onPick(id, event.currentTarget.checked)} />}
        </span>
      )}
      <div class="run-main">
        <p class="run-line">
          <a href={`#job=${id}`}><Name of={title} most={90} /></a>
          {status !== "done" && <Badge {...statusBadge(status)} />}
          {verdict && <Badge {...verdict} />}
        </p>
        {summary && <p class="dim small">{clipped(summary, 220)}</p>}
        <p class="dim small">{[whenOf(job), secondsOf(job) > 0 ? formatSeconds(secondsOf(job)) : ""].filter(Boolean).join(" · ")}</p>
        {problem && <ProblemText problem={problem} />}
        {removing && <Remove id={id} title={title} onKeep={() => setRemoving(false)} onRemoved={() => {
          again();
          document.querySelector<HTMLElement>("main h1")?.focus();
        }} />}
      </div>
      <span class="actions">
        {canResume(status) && <button type="button" disabled={busy} aria-label={`Resume: ${title}`} onClick={() => void act("POST", jobPath(id, "/resume"), () => go({ view: "job", id }))}>Resume</button>}
        {canRemove(status) && !removing && <button type="button" class="quiet" aria-label={`Remove: ${title}`} onClick={() => setRemoving(true)}>Remove</button>}
        {!canRemove(status) && <button type="button" disabled={busy} aria-label={`Cancel: ${title}`} onClick={() => void act("POST", jobPath(id, "/cancel"), again)}>Cancel</button>}
      </span>
    </li>
  );
}
