// Reading a document in which anything may be missing or of another kind. Strings from it are
// hostile: `text` makes control characters visible, and only `raw` gives them as they are.
import { clipped, visible } from "../format/visible";

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/// The value at a path; null where a part of the path is not there.
export function at(value: Json | undefined, ...path: (string | number)[]): Json {
  let here: Json = value ?? null;
  for (const key of path) {
    if (here === null || typeof here !== "object" || !Object.hasOwn(here, key)) return null;
    here = (here as Record<string | number, Json>)[key] ?? null;
  }
  return here;
}

export const isObject = (value: Json | undefined): value is { [key: string]: Json } =>
  typeof value === "object" && value !== null && !Array.isArray(value);

export const list = (value: Json | undefined): Json[] => (Array.isArray(value) ? value : []);

/// The names and values of an object; the names to show, as `text`.
export const entries = (value: Json | undefined): [string, Json][] =>
  isObject(value) ? Object.entries(value).map(([name, of]) => [clipped(visible(name), kMostLabel), of]) : [];

export const number = (value: Json | undefined): number | null =>
  typeof value === "number" && Number.isFinite(value) ? value : null;

export const numbers = (value: Json | undefined): (number | null)[] => list(value).map(number);

export const flag = (value: Json | undefined): boolean => value === true;

export const raw = (value: Json | undefined): string => (typeof value === "string" ? value : "");

const kMostText = 1200; // characters of one string; all of it is in the JSON
const kMostLabel = 64;

export const text = (value: Json | undefined): string => clipped(visible(raw(value).slice(0, 20_000)), kMostText);

/// A string that stands where only a few words have room.
export const label = (value: Json | undefined): string => clipped(text(value), kMostLabel);

export const texts = (value: Json | undefined): string[] => list(value).map(text).filter(Boolean);

/// Why a value is not there; null if it is there.
export function absent(value: Json | undefined): string | null {
  if (value === null || value === undefined) return "not in this report";
  const reason = isObject(value) ? at(value, "absent") : null;
  return typeof reason === "string" ? text(reason) : null;
}

export const known = (value: Json | undefined): boolean => absent(value) === null;

export interface Metric {
  value: number;
  low: number | null;
  high: number | null;
  unit: string;
  separated: boolean | null;
}

export function metric(json: Json | undefined): Metric | null {
  const value = number(isObject(json) ? at(json, "value") : json);
  if (value === null) return null;
  const low = number(at(json, "low"));
  const high = number(at(json, "high"));
  const separated = at(json, "separated");
  return {
    value,
    low: low !== null && high !== null ? low : null,
    high: low !== null && high !== null ? high : null,
    unit: text(at(json, "unit")),
    separated: typeof separated === "boolean" ? separated : null,
  };
}

/// The last part of a path, as it is written on both kinds of systems.
export function fileName(path: string): string {
  const trimmed = path.replace(/(.)\/+$/, "$1");
  return trimmed.slice(trimmed.lastIndexOf("/") + 1) || trimmed;
}
