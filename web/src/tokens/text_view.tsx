// One part of a window as running text. Only this part is in the page, however long the text is.
import { Fragment } from "preact";
import { useLayoutEffect, useMemo, useRef } from "preact/hooks";
import { focusItem, kKeys } from "../ui/roving";
import { formatValue } from "../format/number";
import { tint, type Mode } from "./bands";
import { tokenText, type Tokens, type TokenWindow } from "./data";
import { target } from "./keys";
import { quoted, running } from "./token_text";

export const kPart = 1024;  // tokens of a window that are drawn at once

interface Props {
  tokens: Tokens;
  window: TokenWindow;
  part: number;
  mode: Mode;
  selected: number | null;
  onPoint: (index: number | null) => void;
  onSelect: (index: number) => void;
}

function said(tokens: Tokens, window: TokenWindow, index: number): string {
  const k = index - window.first;
  const kld = window.kld[k];
  const name = quoted(tokenText(tokens, window.tokens[index]));
  if (kld === undefined || kld === null) return `${name}, context`;
  return `${name}, KLD ${formatValue(kld)}${window.flip[k] === "1" ? ", top token changed" : ""}`;
}

/// Whether the pointer moved, not the page under a pointer that rests.
function usePointer(): (event: MouseEvent) => boolean {
  const last = useRef("");
  useLayoutEffect(() => {
    const keep = (event: MouseEvent) => { last.current = `${event.screenX} ${event.screenY}`; };
    addEventListener("mousemove", keep);
    return () => removeEventListener("mousemove", keep);
  }, []);
  return (event) => last.current !== `${event.screenX} ${event.screenY}`;
}

export function TextView({ tokens, window, part, mode, selected, onPoint, onSelect }: Props) {
  const root = useRef<HTMLDivElement>(null);
  const hasMoved = usePointer();
  const wanted = useRef<number | null>(null);
  const from = part * kPart;
  const to = Math.min(window.tokens.length, from + kPart);
  const stop = selected !== null && selected >= from && selected < to ? selected : Math.max(from, Math.min(window.first, to - 1));
  useLayoutEffect(() => {
    if (wanted.current === null) return;
    focusItem(root.current, wanted.current);
    wanted.current = null;
  });
  const itemOf = (event: Event): number | null => {
    const item = event.target instanceof Element ? event.target.closest("[data-item]") : null;
    return item ? Number(item.getAttribute("data-item")) : null;
  };
  const drawn = useMemo(() => {
    const items = [];
    for (let index = from; index < to; ++index) {
      const { shown, breaks } = running(tokenText(tokens, window.tokens[index]));
      const k = index - window.first;
      const kind = `token ${tint(tokens, window, index, mode)}${window.flip[k] === "1" ? " flip" : ""}`;
      items.push({ index, shown, breaks, kind, label: said(tokens, window, index) });
    }
    return items;
  }, [tokens, window, from, to, mode]);
  return (
    <div
      class="running"
      dir="auto"
      ref={root}
      role="group"
      aria-label={`Window ${window.id} of the text, tokens ${from} to ${to - 1}. Arrow keys move.`}
      onMouseMove={(event) => {
        if (hasMoved(event)) onPoint(itemOf(event));
      }}
      onMouseLeave={() => onPoint(null)}
      onFocusIn={(event) => { const index = itemOf(event); if (index !== null) onPoint(index); }}
      onClick={(event) => { const index = itemOf(event); if (index !== null) onSelect(index); }}
      onKeyDown={(event) => {
        const index = itemOf(event);
        if (index === null || !root.current) return;
        if (event.key === "Enter" || event.key === " ") {
          event.preventDefault();
          onSelect(index);
        } else if (kKeys.includes(event.key)) {
          event.preventDefault();
          wanted.current = target(index, event.key, window.tokens.length - 1, root.current);
          onSelect(wanted.current);
        }
      }}
    >
      {drawn.map(({ index, shown, breaks, kind, label }) => (
        <Fragment key={index}>
          <span class={index === selected ? `${kind} selected` : kind} role="button" tabIndex={index === stop ? 0 : -1} data-item={index} aria-label={label}>
            {shown}
          </span>
          {breaks > 0 && <br />}
        </Fragment>
      ))}
    </div>
  );
}
