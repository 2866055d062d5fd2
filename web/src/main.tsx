// Reads the document that is in the page; without one this is the page of `qualm serve`.
import { render } from "preact";
import { App } from "./app";
import type { Json } from "./document/read";
import { Shell } from "./serve/shell";
import "./style/theme.css";
import "./style/page.css";
import "./style/charts.css";
import "./style/tokens.css";
import "./style/serve.css";
import "./style/print.css";

function read(): { document: Json; fault: string } {
  try {
    return { document: JSON.parse(document.getElementById("report")?.textContent ?? "null") as Json, fault: "" };
  } catch (error) {
    return { document: null, fault: error instanceof Error ? error.message : "unknown" };
  }
}

/// What is closed on the screen is open on paper.
function openForPrint(): void {
  let opened: HTMLDetailsElement[] = [];
  addEventListener("beforeprint", () => {
    opened = [...document.querySelectorAll<HTMLDetailsElement>("details.check:not([open])")];
    for (const details of opened) details.open = true;
  });
  addEventListener("afterprint", () => {
    for (const details of opened) details.open = false;
  });
}

function Page() {
  const { document, fault } = read();
  if (fault) return <main><h1>The report in this file cannot be read.</h1><p>{fault}</p></main>;
  return document === null ? <Shell /> : <App document={document} />;
}

const root = document.getElementById("page");
if (root) render(<Page />, root);
openForPrint();
