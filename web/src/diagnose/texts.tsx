// What both models wrote after the same prompts: first difference and loops marked.
import { useState } from "preact/hooks";
import { at, isObject, list, number, raw, text, type Json } from "../document/read";
import { visibleLines } from "../format/visible";
import { Section } from "../ui/parts";

interface Loop {
  begin: number;
  period: number;
}

function loopOf(json: Json): Loop | null {
  const begin = number(at(json, "begin"));
  const period = number(at(json, "period"));
  return begin !== null && period !== null && period > 0 ? { begin, period } : null;
}

interface Piece {
  kind: string;
  text: string;
}

/// The text cut where it leaves the other one and where its loop begins and repeats. Positions
/// count characters, not UTF-16 units.
export function pieces(written: string, diverges: number | null, loop: Loop | null): Piece[] {
  const characters = Array.from(written);
  const cuts = new Set([0, characters.length]);
  if (diverges !== null) cuts.add(Math.min(diverges, characters.length));
  if (loop)
    for (let k = 0, at = loop.begin; at < characters.length && k < 400; ++k, at += loop.period) cuts.add(at);
  const sorted = [...cuts].filter((cut) => cut >= 0 && cut <= characters.length).sort((a, b) => a - b);
  return sorted.slice(0, -1).map((from, i) => {
    const piece = characters.slice(from, sorted[i + 1]).join("");
    const round = loop && from >= loop.begin ? Math.floor((from - loop.begin) / loop.period) : -1;
    const shared = diverges === null || from < diverges;
    const kind = round >= 0 ? `loop ${round % 2 === 0 ? "even" : "odd"}` : shared ? "shared" : "own";
    return { kind, text: visibleLines(piece) };
  });
}

function Written({ title, json, diverges, loop }: { title: string; json: Json; diverges: number | null; loop: Loop | null }) {
  const parts = pieces(raw(json), diverges, loop);
  let marked = false;
  return (
    <div class="written">
      <h4>{title}{loop && <span class="badge warning">loop of {loop.period} characters</span>}</h4>
      <p class="text">
        {parts.map((part, i) => {
          const first = !marked && part.kind !== "shared" && diverges !== null;
          marked ||= first;
          return (
            <span key={i} class={part.kind}>
              {first && <span class="first" title="first difference"><span class="hidden">first difference: </span>▸</span>}
              {part.text}
            </span>
          );
        })}
      </p>
    </div>
  );
}

const kFirst = 4;

export function Texts({ texts: json }: { texts: Json }) {
  const texts = list(json).filter(isObject);
  const [all, setAll] = useState(false);
  if (texts.length === 0) return null;
  return (
    <Section id="texts" title="Generated texts, side by side" lead="After the same prompt. Grey: both wrote the same. ▸ marks the first difference; the repeats of a loop are shaded.">
      {(all ? texts : texts.slice(0, kFirst)).map((one, i) => {
        const diverges = number(at(one, "diverges"));
        return (
          <article key={i} class="pair">
            <h3><span class="dim">Prompt ({text(at(one, "sampling")) || "sampling not known"}):</span> <bdi>{visibleLines(raw(at(one, "prompt"))).slice(0, 600)}</bdi></h3>
            {diverges === null && raw(at(one, "candidate")) === raw(at(one, "original")) && <p class="dim">Both wrote the same.</p>}
            <div class="columns">
              <Written title="Original" json={at(one, "original")} diverges={diverges} loop={loopOf(at(one, "original_loop"))} />
              <Written title="This model" json={at(one, "candidate")} diverges={diverges} loop={loopOf(at(one, "candidate_loop"))} />
            </div>
          </article>
        );
      })}
      {texts.length > kFirst && !all && (
        <button type="button" onClick={() => setAll(true)}>Show all {texts.length}</button>
      )}
    </Section>
  );
}
