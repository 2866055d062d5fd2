// What may be offered beside a chosen model: the original or pack that `qualm models` knows, and
// files of its folder whose names say that they are one.
import { at, flag, list, raw, text, type Json } from "../document/read";

export interface Offer {
  field: "baseline" | "reference";
  value: string;
  why: string;
}

const kMost = 3;
const kOriginal = /(^|[^a-z0-9])(bf16|f16|fp16|f32|fp32)([^a-z0-9]|$)/i;

export const folderOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf("/")));

export const inFolder = (folder: string, name: string): string => (folder ? `${folder}/${name}` : name);

function fromModels(models: Json, candidate: string): Offer[] {
  const found = list(at(models, "models")).find((one) => raw(at(one, "name")) === candidate || raw(at(one, "path")) === candidate);
  const offers: Offer[] = [];
  const original = raw(at(found, "original"));
  const pack = raw(at(found, "pack"));
  if (original) offers.push({ field: "baseline", value: original, why: "Original at hand" });
  if (pack) offers.push({ field: "reference", value: pack, why: "Reference pack at hand" });
  return offers;
}

function fromFolder(listing: Json, candidate: string): Offer[] {
  const folder = raw(at(listing, "path"));
  if (folder !== folderOf(candidate)) return [];
  return list(at(listing, "entries")).flatMap((entry): Offer[] => {
    const name = raw(at(entry, "name"));
    const value = inFolder(folder, name);
    if (value === candidate) return [];
    if (at(entry, "kind") === "pack") return [{ field: "reference", value, why: "Reference pack in the same folder" }];
    return at(entry, "kind") === "model" && kOriginal.test(name) ? [{ field: "baseline", value, why: "In the same folder" }] : [];
  });
}

export function offersFor(models: Json, listing: Json, candidate: string): Offer[] {
  if (!candidate) return [];
  const offers = [...fromModels(models, candidate), ...fromFolder(listing, candidate)];
  return offers.filter((offer, i) => offers.findIndex(({ value }) => value === offer.value) === i).slice(0, kMost);
}

/// A name of another program, in place of a path.
export const isName = (value: string): boolean => /^(hf|ollama|lms):/.test(value);

/// In the list of `qualm models`: "is an original", "original or pack at hand".
export function handWords(one: Json): string {
  if (flag(at(one, "is_original"))) return "an original";
  if (raw(at(one, "original"))) return "original at hand";
  return text(at(one, "pack")) ? "reference pack at hand" : "";
}
