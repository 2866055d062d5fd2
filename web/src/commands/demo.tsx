// The page of `qualm demo`: its cases, each with its verdict, each openable to the whole diagnosis.
import { useState } from "preact/hooks";
import { at, label, list, raw, text, type Json } from "../document/read";
import { Diagnose } from "../diagnose/diagnose";
import { versions } from "../diagnose/how";
import { verdictWord } from "../format/words";
import { clipped } from "../format/visible";
import { Badge, Command, Name, Scope, Section } from "../ui/parts";
import { RawJson } from "../ui/raw_json";
import { Head } from "./head";

function Case({ one, index }: { one: Json; index: number }) {
  const [open, setOpen] = useState(false);
  const diagnosis = at(one, "diagnosis");
  const right = at(one, "right") === true;
  return (
    <article class="case">
      <h3>
        {verdictWord(diagnosis).word && <Badge {...verdictWord(diagnosis)} />} <Name of={text(at(one, "title"))} most={80} />
      </h3>
      <p>{clipped(text(at(diagnosis, "summary")), 600)}</p>
      <p class="dim">
        Made as: {label(at(one, "made"))} · true cause: {label(at(one, "truth"))} · found: {label(at(one, "found"))}{" "}
        <Badge word={right ? "right" : "WRONG"} tone={right ? "good" : "bad"} />
      </p>
      <Command text={raw(at(one, "command"))} label={`the command of ${label(at(one, "title"))}`} />
      <details class="whole" onToggle={(event) => setOpen(event.currentTarget.open)}>
        <summary>The whole diagnosis</summary>
        {open && (
          <Scope.Provider value={`case-${index}-`}>
            <div class="inside"><Diagnose document={diagnosis} /></div>
          </Scope.Provider>
        )}
      </details>
    </article>
  );
}

export function Demo({ document }: { document: Json }) {
  const cases = list(at(document, "patients"));
  const right = cases.filter((one) => at(one, "right") === true).length;
  return (
    <>
      <Head document={document} word={right === cases.length ? "ALL RIGHT" : "WRONG ANSWERS"} tone={right === cases.length ? "good" : "bad"} title={`qualm was right in ${right} of ${cases.length} ${cases.length === 1 ? "case" : "cases"} with a known cause.`} />
      <Section id="cases" title="Cases">
        {cases.map((one, i) => <Case key={i} one={one} index={i} />)}
      </Section>
      <p class="dim small end">Made with {versions(document)}.</p>
      <RawJson document={document} />
    </>
  );
}
