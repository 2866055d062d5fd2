// The heading of a view. It takes the focus when the view changes, so that the keys and a screen
// reader go on from there.
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { visible } from "../format/visible";

function focusHeading(): void {
  const heading = document.querySelector("main h1");
  if (!(heading instanceof HTMLElement)) return;
  heading.tabIndex = -1;
  heading.focus({ preventScroll: true });
}

/// `moved`: the user came here from another view. `phase`: what the view shows; where a change of
/// it takes away what had the focus, the heading gets it.
export function useHeadingFocus(moved: boolean, title: string, phase = ""): void {
  const first = useRef(true);
  useEffect(() => {
    document.title = title ? `${visible(title)} · qualm` : "qualm serve";
  }, [title]);
  useEffect(() => {
    const lost = document.activeElement === null || document.activeElement === document.body;
    if (first.current ? moved : lost) focusHeading();
    if (first.current && moved) scrollTo({ top: 0, behavior: "instant" });
    first.current = false;
  }, [phase]);
}

export function Heading({ children }: { children: ComponentChildren }) {
  return <h1 tabIndex={-1}>{children}</h1>;
}
