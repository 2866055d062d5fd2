// The serious faults of accessibility that axe finds.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Page } from "playwright-core";

export const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/// Marks of which there are hundreds alike: the first of them are examined.
const kMany = '[".running .token:nth-of-type(n+40)", ".cell:nth-of-type(n+30)"]';

interface Result {
  id: string;
  impact: string;
  nodes: { html: string; failureSummary: string }[];
}

/// With the first place of each.
export async function faults(page: Page, rules = ""): Promise<string[]> {
  const run = `axe.run({ exclude: ${kMany} }, { resultTypes: ["violations"]${rules} }).then((r) => r.violations)`;
  const results = (await page.evaluate(run)) as Result[];
  return results
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(({ id, nodes }) => `${id} (${nodes.length}): ${nodes[0]?.html.slice(0, 200)} ${nodes[0]?.failureSummary}`);
}
