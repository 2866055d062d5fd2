// What the tints mean, with the limits that the document gives.
import { formatValue } from "../format/number";
import type { Mode } from "./bands";
import type { Tokens } from "./data";

function limits(values: number[], percent: boolean): string[] {
  const shown = (value: number | undefined): string => formatValue(value ?? 0, { percent });
  return values.map((value, i) => (i + 1 < values.length ? `${shown(value)} to ${shown(values[i + 1])}` : `${shown(value)} and more`));
}

/// Tokens that together carry so much of the loss: the limits of bands.share.
const kShares = ["90 %", "75 %", "50 %", "25 %", "10 %"];

export function Legend({ tokens, mode }: { tokens: Tokens; mode: Mode }) {
  const bands = {
    kld: limits(tokens.bands.kld.slice(0, 5), false),
    delta_p: limits(tokens.bands.deltaP.slice(0, 5), true),
    share: tokens.bands.share.length === kShares.length ? kShares : [],
    flip: [],
  }[mode];
  return (
    <ul class="legend tokens">
      {tokens.floor !== null && <li><span class="token quiet">grey</span> below the noise floor ({formatValue(tokens.floor)})</li>}
      {mode === "share" && <li>tokens with this tint or a stronger one carry this part of the loss:</li>}
      {mode === "flip" && <li><span class="token b3">tinted</span> the top token is not the original's</li>}
      {bands.map((band, i) => (
        <li key={band}>
          <span class={`token b${i + 1}`}>abc</span>
          {mode === "delta_p" && <span class={`token r${i + 1}`}>abc</span>} {band}
        </li>
      ))}
      {mode === "delta_p" && <li>orange: the probability fell; blue: it rose</li>}
      <li><span class="token flip">underlined</span> top token changed</li>
    </ul>
  );
}
