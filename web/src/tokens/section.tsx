// The text, token by token: what was lost, and where.
import { useContext, useEffect, useMemo, useRef, useState } from "preact/hooks";
import { text, type Json } from "../document/read";
import { grouped } from "../format/units";
import { Scope, Section, Toggle } from "../ui/parts";
import { kModes, type Mode } from "./bands";
import { tokensOf, type Tokens } from "./data";
import { Legend } from "./legend";
import { Minimap } from "./minimap";
import { Panel } from "./panel";
import { kPart, TextView } from "./text_view";
import { TokenClasses, WorstTokens } from "./worst";

interface Place {
  row: number;
  index: number | null;
}

/// "#token=12:80": window 12 of the text, token 80 in it.
export function placeOf(hash: string, tokens: Tokens): Place | null {
  const found = /^#token=(\d{1,9}):(\d{1,9})$/.exec(hash);
  if (!found) return null;
  const row = tokens.windows.findIndex(({ id }) => id === Number(found[1]));
  const index = Number(found[2]);
  return row >= 0 && index < (tokens.windows[row]?.tokens.length ?? 0) ? { row, index } : null;
}

export function TokenSection({ tokens: json, from }: { tokens: Json; from?: string }) {
  const tokens = useMemo(() => tokensOf(json), [json]);
  if (json === null) return null;
  if (tokens.windows.length === 0)
    return (
      <Section id="text" title="The text, token by token">
        <p class="dim">Not shown: {tokens.why ?? "no tokens in this report"}.</p>
      </Section>
    );
  return (
    <Section id="text" title="The text, token by token" lead={`Every token of ${text(tokens.text || from || "the text")} that was scored, tinted by what was lost there.`}>
      <View tokens={tokens} />
      <WorstTokens tokens={tokens} linked />
      <TokenClasses tokens={tokens} />
    </Section>
  );
}

function View({ tokens }: { tokens: Tokens }) {
  const own = useContext(Scope) === "";
  const [mode, setMode] = useState<Mode>("kld");
  const [place, setPlace] = useState<Place>(() => ({ row: tokens.windows.findIndex(({ id }) => id === tokens.worst[0]?.window), index: null }));
  const [part, setPart] = useState(0);
  const [pointed, setPointed] = useState<number | null>(null);
  const box = useRef<HTMLDivElement>(null);
  const row = Math.max(0, place.row);
  const window = tokens.windows[row];

  const go = (next: Place) => {
    setPlace(next);
    setPointed(null);
    setPart(Math.floor((next.index ?? 0) / kPart));
  };
  useEffect(() => {
    if (!own) return;
    const follow = () => {
      const next = placeOf(location.hash, tokens);
      if (!next) return;
      go(next);
      setTimeout(() => {
        const item = box.current?.querySelector(`[data-item="${next.index}"]`);
        if (!(item instanceof HTMLElement)) return;
        item.focus({ preventScroll: true });
        item.scrollIntoView({ block: "center" });
      }, 30);
    };
    follow();
    addEventListener("hashchange", follow);
    return () => removeEventListener("hashchange", follow);
  }, [tokens, own]);
  if (!window) return null;

  const select = (index: number) => {
    go({ row, index });
    if (own) history.replaceState(history.state, "", `#token=${window.id}:${index}`);
  };
  const parts = Math.ceil(window.tokens.length / kPart);
  return (
    <div class="tokens" ref={box}>
      <div class="bar">
        <Toggle<Mode> label="Colour of the tokens" options={kModes} value={mode} onChange={setMode} />
        <span class="turn">
          <button type="button" disabled={row === 0} onClick={() => go({ row: row - 1, index: null })} aria-label="Previous window">←</button>
          <label>
            <span class="hidden">Window</span>
            <select value={row} onChange={(event) => go({ row: Number(event.currentTarget.value), index: null })}>
              {tokens.windows.map(({ id }, i) => <option key={i} value={i}>window {id}</option>)}
            </select>
          </label>
          <button type="button" disabled={row + 1 >= tokens.windows.length} onClick={() => go({ row: row + 1, index: null })} aria-label="Next window">→</button>
        </span>
      </div>
      <Legend tokens={tokens} mode={mode} />
      <div class="reading">
        <div>
          <TextView tokens={tokens} window={window} part={part} mode={mode} selected={place.index} onPoint={setPointed} onSelect={select} />
          {parts > 1 && (
            <p class="turn">
              <button type="button" disabled={part === 0} onClick={() => setPart(part - 1)}>← earlier</button> part {part + 1} of {parts}{" "}
              <button type="button" disabled={part + 1 >= parts} onClick={() => setPart(part + 1)}>later →</button>
            </p>
          )}
        </div>
        <Panel tokens={tokens} window={window} index={pointed ?? place.index} />
      </div>
      <p class="dim small">All {tokens.windows.length} windows, {grouped(tokens.windows.reduce((sum, one) => sum + one.tokens.length, 0))} tokens; a row is a window:</p>
      <Minimap tokens={tokens} mode={mode} current={row} onPick={(picked, index) => {
        const last = (tokens.windows[picked]?.tokens.length ?? 1) - 1;
        go({ row: picked, index: Math.max(0, Math.min(last, index)) });
      }} />
    </div>
  );
}
