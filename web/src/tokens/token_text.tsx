// A token as text: blanks and line breaks stay readable, everything invisible is shown.
import { clipped, visible } from "../format/visible";

const kMost = 60;

/// In the running text: "⏎" before a line break that the text really has.
export function running(token: string): { shown: string; breaks: number } {
  const breaks = Math.min(2, token.split("\n").length - 1);
  const shown = token.split("\n").map((part) => visible(part)).join("⏎");
  return { shown: clipped(shown, kMost) || "∅", breaks };
}

/// In lists, where a blank at an end must be seen.
export const quoted = (token: string): string =>
  clipped(visible(token).replace(/^ | $/g, "␣"), kMost) || "(empty)";

export function Token({ of }: { of: string }) {
  return <bdi class="token-name">{quoted(of)}</bdi>;
}
