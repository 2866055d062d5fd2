// A new run: which model, compared with what, and the rest as it is by default.
import { useEffect, useRef, useState } from "preact/hooks";
import { at, raw, text, type Json } from "../document/read";
import { Name, Toggle } from "../ui/parts";
import { useAction } from "./action";
import type { Problem } from "./client";
import { draftOf, hasOriginal, kEmpty, toRequest, type Draft, type Field } from "./draft";
import { fieldOf } from "./field_of";
import { folderOf, isName, offersFor } from "./hand";
import { Heading, useHeadingFocus } from "./heading";
import { More, Pick } from "./options";
import { PathField } from "./path_field";
import { ProblemText } from "./problem";
import { go } from "./route";
import { useAnswer } from "./use";

const kSymptoms: [string, string][] = [
  ["", "nothing special, or not sure"],
  ["repetition", "it repeats itself or ends in loops"],
  ["incoherent", "its texts make little sense"],
  ["off-topic", "its texts do not follow from the prompt"],
  ["long-context", "it gets worse in long contexts"],
  ["all", "examine all of these"],
  ["none", "examine none of these (faster)"],
];

export function NewView({ moved }: { moved: boolean }) {
  const [draft, setDraft] = useState(draftOf.now);
  const { json: models } = useAnswer("/api/models");
  const { act, busy, problem } = useAction();
  const form = useRef<HTMLFormElement>(null);
  useHeadingFocus(moved, "New run");
  const set = (change: Partial<Draft>) =>
    setDraft((before) => {
      draftOf.keep({ ...before, ...change });
      return draftOf.now();
    });
  const wrong = problem ? fieldOf(problem, draft) : null;
  useEffect(() => {
    if (!problem) return;
    const place = form.current?.querySelector<HTMLElement>(wrong ? `#serve-${wrong}` : ".problem");
    const target = place?.matches("input, select") ? place : place?.querySelector<HTMLElement>("button, input, select") ?? place;
    target?.focus();
    place?.scrollIntoView({ block: "center" });
  }, [problem]);
  const at_ = (field: Field): Problem | null => (wrong === field ? problem : null);
  const start = (command: string) =>
    void act("POST", "/api/jobs", (answer) => {
      const id = raw(at(answer, "id"));
      if (id) go({ view: "job", id });
    }, toRequest(draft, command));
  return (
    <div class="page-top">
      <Heading>Find out why a quantized model got worse.</Heading>
      <form class="new" ref={form} noValidate onSubmit={(event) => {
        event.preventDefault();
        if (draft.candidate) start("diagnose");
      }}>
        <PathField field="candidate" title="Model" hint="The quantized model to examine." kind="model" value={draft.candidate} models={models ?? null} problem={at_("candidate")} required onChange={(candidate) => set({ candidate })} />
        {draft.candidate && <Against draft={draft} models={models ?? null} problemAt={at_} set={set} />}
        {draft.candidate && (
          <>
            <Pick field="symptom" title="What do you see?" options={kSymptoms} value={draft.symptom} problem={at_("symptom")} onChange={(symptom) => set({ symptom })} />
            <More draft={draft} models={models ?? null} wrong={wrong} problem={problem} set={set} />
            <div class="actions start">
              <button type="submit" class="primary" disabled={busy}>Diagnose</button>
              <button type="button" disabled={busy} onClick={() => start("plan")}>Plan and time</button>
              <button type="button" disabled={busy || !hasOriginal(draft)} aria-describedby="serve-measure-hint" onClick={() => start("measure")}>Measure only</button>
              <button type="button" class="quiet" onClick={() => {
                set(kEmpty);
                setTimeout(() => document.querySelector<HTMLElement>("main h1")?.focus(), 0);
              }}>Clear</button>
            </div>
            <p class="dim small" id="serve-measure-hint">
              Diagnose finds the cause and a fix. Plan and time reads one window with each model and says how long a diagnosis takes. Measure only tells how much was lost{hasOriginal(draft) ? "." : ": it needs an original or a reference pack."}
            </p>
          </>
        )}
        {problem && !wrong && <div tabIndex={-1} role="alert"><ProblemText problem={problem} /></div>}
      </form>
    </div>
  );
}

interface AgainstProps {
  draft: Draft;
  models: Json;
  problemAt: (field: Field) => Problem | null;
  set: (change: Partial<Draft>) => void;
}

function Against({ draft, models, problemAt, set }: AgainstProps) {
  const { candidate, against } = draft;
  const listed = !isName(candidate) && !candidate.startsWith("/");
  const { json: listing } = useAnswer(listed ? `/api/files?path=${encodeURIComponent(folderOf(candidate))}` : null);
  const offers = offersFor(models, listing ?? null, candidate).filter(({ field, value }) => draft[field] !== value);
  return (
    <div class="against">
      <div class="against-head">
        <h2 class="field-title">Compare with</h2>
        <Toggle<"baseline" | "reference"> label="Compare with" options={[["baseline", "Original model"], ["reference", "Reference pack"]]} value={against} onChange={(to) => set({ against: to })} />
      </div>
      {offers.length > 0 && draft[against] === "" && (
        <ul class="offers">
          {offers.map(({ field, value, why }) => (
            <li key={field + value}>
              <span class="dim small">{why}:</span> <Name of={text(value)} most={90} />{" "}
              <button type="button" aria-label={`Use ${text(value)} as ${field === "baseline" ? "original" : "reference pack"}`} onClick={() => {
                set({ against: field, [field]: value });
                setTimeout(() => document.querySelector<HTMLElement>(`#serve-${field} .chosen button`)?.focus(), 0);
              }}>Use it</button>
            </li>
          ))}
        </ul>
      )}
      {against === "baseline" ? (
        <PathField key="baseline" field="baseline" title="Original" hint="The model before it was quantized, such as its F16 or BF16 file. Without one qualm can only estimate the loss." kind="model" value={draft.baseline} models={models} problem={problemAt("baseline")} onChange={(baseline) => set({ baseline })} />
      ) : (
        <PathField key="reference" field="reference" title="Reference pack" hint="A small file (.qref) that stands for an original." kind="pack" value={draft.reference} models={models} problem={problemAt("reference")} onChange={(reference) => set({ reference })} />
      )}
    </div>
  );
}
