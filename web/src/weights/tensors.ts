// The tensors of `weights`, and the colour of each: a step of a fixed scale, so that the colours of
// two reports can be compared.
import { at, label, list, number, type Json } from "../document/read";
import { formatValue } from "../format/number";

export interface Tensor {
  name: string;
  group: string;
  layer: number | null;
  type: string;
  bytes: number;
  parameters: number | null;
  error: number | null;
  excess: number | null;
}

export type Colour = "excess" | "error";

export const tensorsOf = (weights: Json): Tensor[] =>
  list(at(weights, "tensors")).flatMap((json) => {
    const bytes = number(at(json, "bytes"));
    if (bytes === null || bytes < 0) return [];
    const layer = number(at(json, "layer"));
    return [{
      name: label(at(json, "name")),
      group: label(at(json, "class")) || "other",
      layer: layer !== null && layer >= 0 ? Math.floor(layer) : null,
      type: label(at(json, "type")),
      bytes,
      parameters: number(at(json, "parameters")),
      error: number(at(json, "error")),
      excess: number(at(json, "excess")),
    }];
  });

export const kScales: Record<Colour, { limits: number[]; title: string }> = {
  excess: { limits: [0.9, 0.97, 1.03, 1.1, 1.25, 1.5, 2, 4], title: "error over what the type costs by round-to-nearest" },
  error: { limits: [0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.12, 0.2], title: "relative error" },
};

/// The class of a mark: "x0" to "x8" or "e0" to "e8", "none" where it is not known.
export function shade(tensor: Tensor, colour: Colour): string {
  const value = tensor[colour];
  if (value === null) return "none";
  return `${colour === "excess" ? "x" : "e"}${kScales[colour].limits.filter((limit) => value >= limit).length}`;
}

export function colourOf(tensor: Tensor, colour: Colour): string {
  const value = tensor[colour];
  if (value === null) return "not known";
  return colour === "excess" ? `${value.toFixed(2)} times` : formatValue(value, { percent: true });
}

/// Names for the legend: "under 0.9", "0.9 to 0.97", ..., "4 and more".
export function steps(colour: Colour): string[] {
  const shown = (value: number): string => (colour === "error" ? `${Number((100 * value).toPrecision(3))} %` : String(value));
  const { limits } = kScales[colour];
  return [
    `under ${shown(limits[0] ?? 0)}`,
    ...limits.slice(0, -1).map((limit, i) => `${shown(limit)} to ${shown(limits[i + 1] ?? 0)}`),
    `${shown(limits[limits.length - 1] ?? 0)} and more`,
  ];
}
