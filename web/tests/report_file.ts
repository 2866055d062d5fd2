// A report file as the program makes it: the document in place of the marker.
import { readFileSync } from "node:fs";
import type { Json } from "../src/document/read";

const kMarker = '<script type="application/json" id="report">null</script>';
const kEscapes: Record<string, string> = {
  "<": "\\u003c",
  ">": "\\u003e",
  "&": "\\u0026",
  "\u2028": "\\u2028",
  "\u2029": "\\u2029",
};

export const page = (): string => readFileSync(new URL("../dist/page.html", import.meta.url), "utf8");

export function reportFile(document: Json, template = page()): string {
  if (template.split(kMarker).length !== 2) throw new Error("the marker must be there once");
  const json = JSON.stringify(document).replace(/[<>&\u2028\u2029]/g, (c) => kEscapes[c] ?? c);
  return template.replace(kMarker, () => kMarker.replace("null", () => json));
}

export const golden = (name: string): Json =>
  JSON.parse(readFileSync(new URL(`../../tests/report/golden/${name}.json`, import.meta.url), "utf8")) as Json;
