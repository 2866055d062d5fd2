// One job: while it waits and runs, and at the end its report.
import { useState } from "preact/hooks";
import { Report } from "../app";
import { Contents } from "../contents";
import { at, isObject, text, type Json } from "../document/read";
import { formatSeconds } from "../format/units";
import { clipped } from "../format/visible";
import { Badge, Name } from "../ui/parts";
import { jobPath, problemOf, secondsOf } from "./client";
import { Downloads } from "./downloads";
import { draftOf } from "./draft";
import { isOver } from "./follow";
import { Heading, useHeadingFocus } from "./heading";
import { canRemove, canResume, statusBadge, statusOf, titleOf, whenOf } from "./job_words";
import { LiveView } from "./live_view";
import { ProblemText } from "./problem";
import { Remove } from "./remove";
import { go } from "./route";
import { useAction } from "./action";
import { useAnswer } from "./use";

export function JobView({ id, moved }: { id: string; moved: boolean }) {
  const { json: job, problem, again } = useAnswer(jobPath(id));
  const status = statusOf(job ?? null);
  useHeadingFocus(moved, job ? titleOf(job) : "Run", status);
  if (problem)
    return (
      <div class="page-top">
        <Heading>{problem.status === 404 ? "This run is not in the history." : "This run cannot be shown."}</Heading>
        <ProblemText problem={problem} />
        <p><a href="#runs">All runs</a></p>
      </div>
    );
  if (job === undefined) return <div class="page-top"><Heading>Run</Heading><p class="dim">Loading.</p></div>;
  const document = at(job, "document");
  const error = at(job, "error");
  const over = isOver(status);
  return (
    <>
      <div class="page-top job-head">
        <p class="job-line">
          <a href="#runs">Runs</a>
          <span aria-hidden="true">›</span>
          {isObject(document) ? <strong><Name of={titleOf(job)} most={90} /></strong> : null}
          <Badge {...statusBadge(status)} />
          <span class="dim small">{[whenOf(job), over && secondsOf(job) > 0 ? formatSeconds(secondsOf(job)) : ""].filter(Boolean).join(" · ")}</span>
        </p>
        {!isObject(document) && <Heading><Name of={titleOf(job)} most={120} /></Heading>}
        {over && <Actions id={id} job={job} again={again} />}
        {isObject(error) && <ProblemText problem={problemOf(error)} />}
        {over && !isObject(document) && !isObject(error) && <p>{noReport(status)}</p>}
        {over && isObject(document) && status !== "done" && <p>{clipped(`This run was ${status}. The report has what was finished.`, 200)}</p>}
      </div>
      {!over && <LiveView id={id} job={job} onChange={again} />}
      {isObject(document) && <Contents />}
      {isObject(document) && <Report document={document} />}
    </>
  );
}

const noReport = (status: string): string =>
  status === "interrupted"
    ? "The server or the machine stopped before this run ended. Resume it: what was measured is kept."
    : status === "cancelled"
      ? "This run was cancelled before it had a report. It can be resumed: what was measured is kept."
      : "This run has no report.";

function Actions({ id, job, again }: { id: string; job: Json; again: () => void }) {
  const status = statusOf(job);
  const { act, busy, problem } = useAction();
  const [removing, setRemoving] = useState(false);
  return (
    <>
      <div class="actions">
        {canResume(status) && (
          <button type="button" class="primary" disabled={busy} onClick={() => void act("POST", jobPath(id, "/resume"), again)}>Resume</button>
        )}
        {isObject(at(job, "document")) && <Downloads id={id} title={text(at(job, "title"))} />}
        <button type="button" onClick={() => {
          draftOf.fill(at(job, "request"));
          go({ view: "new" });
        }}>Run again with changes</button>
        {canRemove(status) && !removing && <button type="button" onClick={() => setRemoving(true)}>Remove</button>}
      </div>
      {removing && <Remove id={id} title={titleOf(job)} onKeep={() => setRemoving(false)} onRemoved={() => go({ view: "runs" })} />}
      {problem && <ProblemText problem={problem} />}
    </>
  );
}
