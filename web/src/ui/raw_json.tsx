// The document itself: to read, and to save for other programs.
import { useContext, useState } from "preact/hooks";
import type { Json } from "../document/read";
import { visibleLines } from "../format/visible";
import { Scope } from "./parts";

const kMostShown = 200_000;

/// The text in the page, byte for byte, if this is the page's own document.
function saved(document: Json, whole: boolean): string {
  const own = globalThis.document.getElementById("report")?.textContent ?? "null";
  return whole && own.trim() !== "null" ? own : JSON.stringify(document, null, 2);
}

function save(content: string): void {
  const url = URL.createObjectURL(new Blob([content], { type: "application/json" }));
  const link = globalThis.document.createElement("a");
  link.href = url;
  link.download = "qualm-report.json";
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}

export function RawJson({ document, open = false }: { document: Json; open?: boolean }) {
  const [shown, setShown] = useState(open);
  const whole = useContext(Scope) === "";
  const content = shown ? visibleLines(JSON.stringify(document, null, 2)) : "";
  return (
    <div class="raw">
      <button type="button" onClick={() => save(saved(document, whole))}>Save JSON</button>
      <details open={open} onToggle={(event) => setShown(event.currentTarget.open)}>
        <summary>The document as JSON</summary>
        <pre tabIndex={0} aria-label="The document as JSON">{content.slice(0, kMostShown)}</pre>
        {content.length > kMostShown && <p class="dim">Only the beginning is shown. Save the JSON to see all of it.</p>}
      </details>
    </div>
  );
}
