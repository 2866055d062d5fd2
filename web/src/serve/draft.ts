// What the form of a new run holds. It stays while the user looks at other views.
import { at, number, raw, type Json } from "../document/read";

export interface Draft {
  candidate: string;
  against: "baseline" | "reference";
  baseline: string;
  reference: string;
  base_model: string;
  text: string;
  type_k: string;
  type_v: string;
  ctx_size: string;
  symptom: string;
  budget: string; // minutes
}

export type Field = Exclude<keyof Draft, "against">;

export const kEmpty: Draft = { candidate: "", against: "baseline", baseline: "", reference: "", base_model: "", text: "", type_k: "", type_v: "", ctx_size: "", symptom: "", budget: "" };

const kWords: Field[] = ["candidate", "baseline", "reference", "base_model", "text", "type_k", "type_v", "symptom"];

export function fromRequest(request: Json): Draft {
  const draft = { ...kEmpty };
  for (const field of kWords) draft[field] = raw(at(request, field));
  draft.against = draft.reference ? "reference" : "baseline";
  draft.ctx_size = String(number(at(request, "ctx_size")) ?? "");
  const budget = number(at(request, "budget"));
  draft.budget = budget === null ? "" : String(Math.round((budget / 60) * 1000) / 1000);
  return draft;
}

/// What is sent: only what was given and applies. A number that is none goes as it was typed, and
/// the server says what is wrong with it.
export function toRequest(draft: Draft, command: string): Json {
  const request: { [name: string]: Json } = { command };
  for (const field of kWords) {
    const unused = (field === "baseline" || field === "reference") && field !== draft.against;
    if (draft[field] && !unused) request[field] = draft[field];
  }
  const amount = (typed: string, scale: number): Json => (Number.isFinite(Number(typed)) ? scale * Number(typed) : typed);
  if (draft.ctx_size.trim()) request.ctx_size = amount(draft.ctx_size, 1);
  if (draft.budget.trim()) request.budget = amount(draft.budget, 60);
  return request;
}

export const hasOriginal = (draft: Draft): boolean => draft[draft.against] !== "";

let kept = kEmpty;
export const draftOf = {
  now: (): Draft => kept,
  keep: (draft: Draft): void => {
    kept = draft;
  },
  fill: (request: Json): void => {
    kept = fromRequest(request);
  },
};
