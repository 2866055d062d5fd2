// One tab stop for many marks: the arrow keys move inside.
import { useRef, useState } from "preact/hooks";

export type Move = (index: number, key: string) => number | null;

export interface Roving {
  index: number;
  setIndex: (index: number) => void;
  itemProps: (index: number) => { tabindex: number; "data-item": number };
  onKeyDown: (event: KeyboardEvent) => void;
  onFocusIn: (event: FocusEvent) => void;
}

export const kKeys = ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Home", "End"];

/// Left and right by one, Home and End.
export const inLine =
  (count: number): Move =>
  (index, key) => {
    if (key === "ArrowLeft" || key === "ArrowUp") return Math.max(index - 1, 0);
    if (key === "ArrowRight" || key === "ArrowDown") return Math.min(index + 1, count - 1);
    return key === "Home" ? 0 : key === "End" ? count - 1 : null;
  };

export function focusItem(root: Element | null, index: number): void {
  const item = root?.querySelector(`[data-item="${index}"]`);
  if (item instanceof HTMLElement || item instanceof SVGElement) item.focus();
}

export function useRoving(move: Move): Roving & { root: { current: Element | null } } {
  const [index, setIndex] = useState(0);
  const root = useRef<Element | null>(null);
  return {
    index,
    setIndex,
    root,
    itemProps: (i) => ({ tabindex: i === index ? 0 : -1, "data-item": i }),
    onKeyDown: (event) => {
      if (!kKeys.includes(event.key)) return;
      const next = move(index, event.key);
      if (next === null) return;
      event.preventDefault();
      setIndex(next);
      focusItem(root.current, next);
    },
    onFocusIn: (event) => {
      const item = event.target instanceof Element ? event.target.closest("[data-item]") : null;
      if (item) setIndex(Number(item.getAttribute("data-item")));
    },
  };
}
