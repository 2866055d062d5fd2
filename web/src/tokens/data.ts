// The tokens of a document, as the text view needs them. Only reading: no statistics.
import { absent, at, list, number, numbers, raw, text, type Json } from "../document/read";

export interface Top {
  token: string;
  p: number;
}

export interface TokenWindow {
  id: number;  // the index of the window in the text
  tokens: number[];
  first: number;
  kld: (number | null)[];
  nllOriginal: (number | null)[];
  nll: (number | null)[];
  deltaP: (number | null)[];
  flip: string;
  topOriginal: Json[];
  topCandidate: Json[];
}

export interface Worst {
  window: number;
  token: number;
  kld: number | null;
  share: number | null;
}

export interface Tokens {
  text: string;
  why: string | null;
  floor: number | null;
  bands: { kld: number[]; deltaP: number[]; share: number[] };
  vocabulary: string[];
  windows: TokenWindow[];
  worst: Worst[];
  worstShare: Json;
  classes: Json[];
}

const whole = (json: Json): number[] => list(json).map((value) => number(value) ?? -1);
const ascending = (json: Json): number[] => numbers(json).filter((value) => value !== null);

function windowOf(json: Json): TokenWindow {
  return {
    id: number(at(json, "window")) ?? 0,
    tokens: whole(at(json, "tokens")),
    first: number(at(json, "first")) ?? 0,
    kld: numbers(at(json, "kld")),
    nllOriginal: numbers(at(json, "nll_original")),
    nll: numbers(at(json, "nll")),
    deltaP: numbers(at(json, "delta_p")),
    flip: raw(at(json, "flip")),
    topOriginal: list(at(json, "top_original")),
    topCandidate: list(at(json, "top_candidate")),
  };
}

export function tokensOf(json: Json): Tokens {
  return {
    text: text(at(json, "text")),
    why: absent(json),
    floor: number(at(json, "floor")),
    bands: { kld: ascending(at(json, "bands", "kld")), deltaP: ascending(at(json, "bands", "delta_p")), share: ascending(at(json, "bands", "share")) },
    vocabulary: list(at(json, "vocabulary")).map(raw),
    windows: list(at(json, "windows")).map(windowOf).filter((window) => window.tokens.length > 0),
    worst: list(at(json, "worst", "tokens")).map((one) => ({
      window: number(at(one, "window")) ?? -1,
      token: number(at(one, "token")) ?? -1,
      kld: number(at(one, "kld")),
      share: number(at(one, "share")),
    })),
    worstShare: at(json, "worst", "share"),
    classes: list(at(json, "classes")),
  };
}

export const tokenText = (tokens: Tokens, id: number | undefined): string =>
  tokens.vocabulary[id ?? -1] ?? "\ufffd";

/// The most likely tokens, from pairs of an index and a probability.
export function topOf(tokens: Tokens, json: Json | undefined): Top[] {
  const flat = list(json).map(number);
  const top: Top[] = [];
  for (let i = 0; i + 1 < flat.length; i += 2)
    top.push({ token: tokenText(tokens, flat[i] ?? -1), p: flat[i + 1] ?? 0 });
  return top;
}
