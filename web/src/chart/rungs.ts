// The candidates of a ladder, as the chart and the table need them.
import { at, fileName, list, metric, number, text, type Json, type Metric } from "../document/read";

export interface Rung {
  json: Json;
  name: string;
  marks: string[];
  fileBytes: number | null;
  memoryBytes: number | null;
  kld: Metric | null;
}

export const rungsOf = (ladder: Json): Rung[] =>
  list(at(ladder, "rungs")).map((json) => ({
    json,
    name: fileName(text(at(json, "candidate"))),
    marks: list(at(json, "marks")).map(text),
    fileBytes: number(at(json, "file_bytes")),
    memoryBytes: number(at(json, "memory_bytes")),
    kld: metric(at(json, "kld_mean")),
  }));

export const lowOf = (m: Metric): number => m.low ?? m.value;
export const highOf = (m: Metric): number => m.high ?? m.value;

/// Neighbours by size whose intervals overlap: they are not separated.
export function notSeparated(rungs: Rung[], size: (rung: Rung) => number | null): [Rung, Rung][] {
  const drawn = rungs.filter((rung) => rung.kld && size(rung) !== null);
  drawn.sort((a, b) => (size(a) ?? 0) - (size(b) ?? 0));
  return drawn.flatMap((rung, i): [Rung, Rung][] => {
    const next = drawn[i + 1];
    if (!next?.kld || !rung.kld) return [];
    const apart = lowOf(rung.kld) > highOf(next.kld) || lowOf(next.kld) > highOf(rung.kld);
    return apart ? [] : [[rung, next]];
  });
}
