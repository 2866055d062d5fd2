// What a token's tint means: bands of this run, given by the document.
import type { Tokens, TokenWindow } from "./data";

export type Mode = "kld" | "flip" | "delta_p" | "share";

export const kModes: [Mode, string][] = [
  ["kld", "KLD"],
  ["flip", "Top token changed"],
  ["delta_p", "Change of p"],
  ["share", "Share of the loss"],
];

export const levelOf = (value: number, limits: number[]): number =>
  limits.filter((limit) => value >= limit).length;

/// "context", "quiet" (below the noise floor), "b0" to "b5", "r0" to "r5" for a p that rose.
export function tint(tokens: Tokens, window: TokenWindow, index: number, mode: Mode): string {
  const k = index - window.first;
  const kld = window.kld[k];
  if (k < 0 || kld === undefined || kld === null) return "context";
  if (tokens.floor !== null && kld < tokens.floor) return "quiet";
  if (mode === "share") return `b${Math.min(5, levelOf(kld, tokens.bands.share))}`;
  if (mode === "flip") return window.flip[k] === "1" ? "b3" : "b0";
  if (mode === "kld") return `b${Math.min(5, levelOf(kld, tokens.bands.kld))}`;
  const change = window.deltaP[k];
  if (change === null || change === undefined) return "b0";
  const level = Math.min(5, levelOf(Math.abs(change), tokens.bands.deltaP));
  return `${change > 0 ? "r" : "b"}${level}`;
}
