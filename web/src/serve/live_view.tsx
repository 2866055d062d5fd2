// A job that waits or runs: its checks as they resolve, the loss so far, its plan and its progress.
import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { at, list, number, type Json } from "../document/read";
import { formatValue } from "../format/number";
import { clipped } from "../format/visible";
import { percentOf } from "../chart/rows";
import { Badge } from "../ui/parts";
import { useAction } from "./action";
import { jobPath, secondsOf } from "./client";
import { changes, clock, intervalIn, timeLeft, type Check, type Live, type Progress } from "./live";
import { statusOf } from "./job_words";
import { ProblemText } from "./problem";
import { useAnswer, useLive } from "./use";

interface Props {
  id: string;
  job: Json;
  /// Its status is another one now.
  onChange: () => void;
}

export function LiveView({ id, job, onChange }: Props) {
  const live = useLive(id, onChange);
  useEffect(() => {
    if (live.status && live.status !== statusOf(job)) onChange();
  }, [live.status]);
  const waits = (live.status || statusOf(job)) === "queued";
  const spoken = useSpoken(live, waits);
  return (
    <div class="live">
      <p class="hidden" role="status" aria-live="polite">{spoken}</p>
      {waits ? <Waits id={id} job={job} /> : <ProgressLine live={live} job={job} />}
      <Cancel id={id} />
      <Checks checks={live.checks} />
      <SoFar live={live} />
      <Plan live={live} />
      {live.notes.length > 0 && (
        <Box title="Notes">
          <ul class="notes">{live.notes.map((note, i) => <li key={i}>{clipped(note, 400)}</li>)}</ul>
        </Box>
      )}
    </div>
  );
}

/// Only what changes a check or the status is read aloud.
function useSpoken(live: Live, waits: boolean): string {
  const before = useRef<{ checks: Check[]; status: string }>({ checks: [], status: "" });
  const [spoken, setSpoken] = useState("");
  useEffect(() => {
    const changed = changes(before.current.checks, live.checks);
    const status = live.status !== before.current.status && live.status ? (waits ? "This run waits." : live.status === "running" ? "This run has started." : "") : "";
    before.current = { checks: live.checks, status: live.status };
    if (changed || status) setSpoken(`${status} ${changed}`.trim());
  }, [live.checks, live.status]);
  return spoken;
}

function Waits({ id, job }: { id: string; job: Json }) {
  const { json, again } = useAnswer("/api/jobs");
  useEffect(() => {
    const timer = setInterval(again, 3000);
    return () => clearInterval(timer);
  }, []);
  const created = number(at(job, "created")) ?? 0;
  const before = list(json).filter((one) => at(one, "id") !== id && (statusOf(one) === "running" || (statusOf(one) === "queued" && (number(at(one, "created")) ?? 0) < created))).length;
  return (
    <p class="now">
      {json === undefined ? "This run waits." : before === 0 ? "This run is the next." : `This run waits for ${before} ${before === 1 ? "other" : "others"}.`}
    </p>
  );
}

function useElapsed(job: Json): string {
  const [begun] = useState(() => performance.now() - 1000 * secondsOf(job));
  const [now, setNow] = useState(() => performance.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(performance.now()), 1000);
    return () => clearInterval(timer);
  }, []);
  return clock((now - begun) / 1000);
}

const kMostCounted = 99_999; // more are bytes: a share says more

const countOf = ({ done, total }: Progress): string =>
  total <= 0 ? "" : total > kMostCounted ? `${Math.floor((100 * Math.min(done, total)) / total)} %` : `${done} of ${total}`;

function ProgressLine({ live, job }: { live: Live; job: Json }) {
  const elapsed = useElapsed(job);
  const { progress, step } = live;
  const name = progress ? clipped(progress.name, 200) : "starting";
  const bounded = progress !== null && progress.total > 0;
  return (
    <div class="now">
      <p class="now-step">
        {step && step.count > 1 && <strong>Step {step.number} of {step.count}: </strong>}
        <ProgressName of={name} />
      </p>
      <progress aria-label="Progress of this step" max={1} {...(bounded ? { value: Math.min(1, progress.done / progress.total) } : {})} />
      <p class="now-figures dim small">
        <span>{progress ? countOf(progress) : ""}</span>
        <span>{timeLeft(live)}</span>
        <span>running for {elapsed}</span>
      </p>
    </div>
  );
}

function Box({ title, children }: { title: string; children: ComponentChildren }) {
  return (
    <div class="part">
      <h2>{title}</h2>
      {children}
    </div>
  );
}

const ProgressName = ({ of }: { of: string }) => <bdi>{of}</bdi>;

function Cancel({ id }: { id: string }) {
  const { act, busy, problem } = useAction();
  const [asked, setAsked] = useState(false);
  return (
    <div class="actions">
      <button type="button" disabled={busy || asked} onClick={() => void act("POST", jobPath(id, "/cancel"), () => setAsked(true))}>
        {asked ? "Cancelling" : "Cancel"}
      </button>
      {problem && <ProblemText problem={problem} />}
    </div>
  );
}

function Checks({ checks }: { checks: Check[] }) {
  if (checks.length === 0) return null;
  return (
    <Box title="Checks">
      <ol class="checks live-checks" start={0}>
        {checks.map(({ id, title, open, word, says }, i) => (
          <li key={id || i} class={`check ${open ? "open" : word.tone}`}>
            <span class="number" aria-hidden="true">{i}</span>
            <span class="title">{clipped(title, 80)}</span>
            {open ? <span class="badge dim waiting"><span class="dot" aria-hidden="true" />open</span> : <Badge {...word} />}
            <span class="finding">{clipped(says, 300)}</span>
          </li>
        ))}
      </ol>
    </Box>
  );
}

function SoFar({ live: { soFar, widest } }: { live: Live }) {
  if (!soFar) return null;
  const interval = intervalIn(soFar);
  const end = widest * 1.1;
  return (
    <Box title="Loss so far">
      <p>{clipped(soFar.replace(/^so far: /, ""), 400)}</p>
      {interval && end > 0 && (
        <div class="so-far" aria-hidden="true">
          <svg height="22">
            <line class="axis" x1="0" x2="100%" y1="11" y2="11" />
            <rect class="range" x={percentOf(interval.low / end)} width={percentOf((interval.high - interval.low) / end)} y="5" height="12" />
            <circle cx={percentOf(interval.value / end)} cy="11" r="4" />
          </svg>
          <p class="dim small"><span>0</span><span>KLD {formatValue(end)}</span></p>
        </div>
      )}
    </Box>
  );
}

function Plan({ live: { plan, step } }: { live: Live }) {
  if (plan.length === 0) return null;
  const [first, ...steps] = plan;
  const numberOf = (line: string): number => Number(/^\s*step (\d+)/.exec(line)?.[1] ?? Number.NaN);
  return (
    <Box title="Plan">
      <p>{clipped((first ?? "").replace(/^plan, /, ""), 300)}</p>
      {steps.length > 0 && (
        <ul class="plan">
          {steps.map((line, i) => {
            const current = step !== null && numberOf(line) === step.number;
            return <li key={i} class={current ? "current" : ""} aria-current={current ? "step" : undefined}>{clipped(line.trim(), 300)}</li>;
          })}
        </ul>
      )}
    </Box>
  );
}
