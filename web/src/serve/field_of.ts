// At which field an error of the server is shown.
import type { Problem } from "./client";
import type { Draft, Field } from "./draft";

const kFields: Field[] = ["candidate", "baseline", "reference", "base_model", "text", "type_k", "type_v", "ctx_size", "symptom", "budget"];

/// By its name, or by the path that it is about; null: it is about no field that is shown.
export function fieldOf({ place, file }: Problem, draft: Draft): Field | null {
  const named = kFields.find((field) => field === place);
  const found = named ?? (file ? kFields.find((field) => draft[field] === file && isSent(field, draft)) : undefined);
  if (found === "reference" || found === "baseline") return draft.against;
  return found ?? null;
}

const isSent = (field: Field, draft: Draft): boolean => (field !== "baseline" && field !== "reference") || field === draft.against;
