// What has a default: text, context, cache, base model, time.
import { useEffect, useState } from "preact/hooks";
import type { Json } from "../document/read";
import type { Problem } from "./client";
import type { Draft, Field } from "./draft";
import { PathField } from "./path_field";
import { ProblemText } from "./problem";

const kTypes: [string, string][] = [["", "not said"], ...["f16", "bf16", "q8_0", "q5_1", "q5_0", "q4_1", "q4_0", "iq4_nl", "f32"].map((name): [string, string] => [name, name])];
const kMore: Field[] = ["text", "ctx_size", "base_model", "budget", "type_k", "type_v"];

interface PickProps {
  field: Field;
  title: string;
  options: [string, string][];
  value: string;
  problem: Problem | null;
  onChange: (value: string) => void;
}

export function Pick({ field, title, options, value, problem, onChange }: PickProps) {
  const id = `serve-${field}`;
  const known = options.some(([name]) => name === value);
  return (
    <div class={problem ? "field wrong" : "field"}>
      <label for={id}>{title}</label>
      <select id={id} value={value} aria-invalid={problem !== null} aria-describedby={problem ? `${id}-problem` : undefined} onChange={(event) => onChange(event.currentTarget.value)}>
        {[...options, ...(known ? [] : [[value, value] as [string, string]])].map(([name, words]) => <option key={name} value={name}>{words}</option>)}
      </select>
      {problem && <ProblemText problem={problem} id={`${id}-problem`} />}
    </div>
  );
}

interface AmountProps {
  field: Field;
  title: string;
  hint: string;
  value: string;
  problem: Problem | null;
  onChange: (value: string) => void;
}

function Amount({ field, title, hint, value, problem, onChange }: AmountProps) {
  const id = `serve-${field}`;
  return (
    <div class={problem ? "field wrong" : "field"}>
      <label for={id}>{title}</label>
      <input id={id} inputMode="decimal" autocomplete="off" value={value} aria-invalid={problem !== null} aria-describedby={problem ? `${id}-problem ${id}-hint` : `${id}-hint`} onInput={(event) => onChange(event.currentTarget.value)} />
      <p class="dim small" id={`${id}-hint`}>{hint}</p>
      {problem && <ProblemText problem={problem} id={`${id}-problem`} />}
    </div>
  );
}

interface MoreProps {
  draft: Draft;
  models: Json;
  wrong: Field | null;
  problem: Problem | null;
  set: (change: Partial<Draft>) => void;
}

export function More({ draft, models, wrong, problem, set }: MoreProps) {
  const inside = wrong !== null && kMore.includes(wrong);
  const [open, setOpen] = useState(() => inside || kMore.some((field) => draft[field] !== ""));
  useEffect(() => {
    if (inside) setOpen(true);
  }, [problem]);
  const of = (field: Field): Problem | null => (wrong === field ? problem : null);
  return (
    <details class="more" open={open || inside} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>More: cache types, context, text, time, base model</summary>
      <div class="more-fields">
        <Pick field="type_k" title="Cache type K you run with" options={kTypes} value={draft.type_k} problem={of("type_k")} onChange={(type_k) => set({ type_k })} />
        <Pick field="type_v" title="Cache type V you run with" options={kTypes} value={draft.type_v} problem={of("type_v")} onChange={(type_v) => set({ type_v })} />
        <Amount field="ctx_size" title="Context" hint="Tokens of a window. Empty: 512." value={draft.ctx_size} problem={of("ctx_size")} onChange={(ctx_size) => set({ ctx_size })} />
        <Amount field="budget" title="Time" hint="Minutes it may take. Empty: as long as it needs." value={draft.budget} problem={of("budget")} onChange={(budget) => set({ budget })} />
        <PathField field="text" title="Text" hint="To measure on. Without one: a public-domain novel that comes with qualm." kind="text" value={draft.text} models={models} problem={of("text")} onChange={(text) => set({ text })} />
        <PathField field="base_model" title="Base model" hint="Of a fine-tune: to find a quant that was made of the base by mistake." kind="model" value={draft.base_model} models={models} problem={of("base_model")} onChange={(base_model) => set({ base_model })} />
      </div>
    </details>
  );
}
