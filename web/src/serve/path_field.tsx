// A field that names a file: what was chosen, and the picker while it is chosen.
import { useRef, useState } from "preact/hooks";
import { text } from "../document/read";
import type { Json } from "../document/read";
import { Name } from "../ui/parts";
import type { Problem } from "./client";
import type { Field } from "./draft";
import { Picker, type Kind } from "./picker";
import { ProblemText } from "./problem";

interface Props {
  field: Field;
  title: string;
  hint?: string;
  kind: Kind;
  value: string;
  models: Json;
  problem: Problem | null;
  required?: boolean;
  onChange: (value: string) => void;
}

export function PathField({ field, title, hint, kind, value, models, problem, required, onChange }: Props) {
  const [chosen, setChosen] = useState(required === true && value === "");
  const [asked, setAsked] = useState(false); // by a button: then the picker takes the focus
  const box = useRef<HTMLDivElement>(null);
  const open = chosen || (required === true && value === "");
  const backToButton = () => setTimeout(() => box.current?.querySelector<HTMLElement>(".chosen button, .choose-button")?.focus(), 0);
  const close = () => {
    setChosen(false);
    backToButton();
  };
  const pick = (picked: string) => {
    onChange(picked);
    close();
  };
  const ask = () => {
    setAsked(true);
    setChosen(true);
  };
  const id = `serve-${field}`;
  return (
    <div class={problem ? "field wrong" : "field"} ref={box} id={id} role="group" aria-labelledby={`${id}-title`} aria-describedby={problem ? `${id}-problem` : undefined}>
      <h2 class="field-title" id={`${id}-title`}>{title}</h2>
      {hint && <p class="dim small">{hint}</p>}
      {value ? (
        <p class="chosen">
          <span class="value"><Name of={text(value)} most={120} /></span>
          <button type="button" onClick={ask} aria-label={`Change: ${title}`}>Change</button>
          {!required && <button type="button" onClick={() => {
            onChange("");
            backToButton();
          }} aria-label={`Remove: ${title}`}>Remove</button>}
        </p>
      ) : (
        !open && <button type="button" class="choose-button" onClick={ask} aria-label={`Choose: ${title}`}>Choose</button>
      )}
      {problem && <ProblemText problem={problem} id={`${id}-problem`} />}
      {open && <Picker kind={kind} what={title} value={value} models={models} onClose={required && value === "" ? null : close} onPick={pick} focus={asked} />}
    </div>
  );
}
