// Control characters, direction marks and other invisible characters, made visible: a name must
// not reorder, hide or break the text around it.

// C0, C1, soft hyphen, Arabic letter mark, zero width, bidi, line separators, tags, lone surrogates
const kInvisible =
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|[\u{e0000}-\u{e007f}]|\p{Surrogate}/gu;

const kShort: Record<string, string> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

const named = (character: string): string =>
  kShort[character] ??
  `⟨U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}⟩`;

/// One line: line breaks and tabs are written as \n and \t.
export const visible = (text: string): string => text.replace(kInvisible, named);

/// Text of several lines: line breaks and tabs stay.
export const visibleLines = (text: string): string =>
  text.replace(kInvisible, (c) => (c === "\n" || c === "\t" ? c : named(c)));

export const hasInvisible = (text: string): boolean => text.search(kInvisible) >= 0;

/// The beginning and the end of a text that is too long to show.
export function clipped(text: string, most: number): string {
  if (text.length <= most) return text;
  const end = Math.floor(most / 3);
  return `${text.slice(0, most - end - 1)}…${text.slice(-end)}`;
}
