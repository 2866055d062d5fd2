// The beginning of every page but the diagnosis: what this is, in one sentence.
import type { ComponentChildren } from "preact";
import { at, raw, text, type Json } from "../document/read";
import { clipped } from "../format/visible";
import type { Tone } from "../format/words";
import { Badge, Repeat } from "../ui/parts";

interface Props {
  document: Json;
  title: string;
  word?: string;
  tone?: Tone;
  children?: ComponentChildren;
}

export function Head({ document, title, word, tone = "plain", children }: Props) {
  return (
    <header class={`verdict ${tone}`}>
      <p class="subject dim">qualm {text(at(document, "command"))}</p>
      <h1>
        {word && <><Badge word={word} tone={tone} large />{" "}</>}
        <span class={title.length > 180 ? "sentence long" : "sentence"}>{clipped(title, 1500)}</span>
      </h1>
      {children}
      <Repeat command={raw(at(document, "command_line"))} />
    </header>
  );
}
