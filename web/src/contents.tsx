// The sections of this page, to jump to.
import { useEffect, useState } from "preact/hooks";

const kShort: Record<string, string> = {
  checks: "Checks",
  symptoms: "Symptoms",
  causes: "Causes and fixes",
  ladder: "Quant types",
  where: "Where in the text",
  weights: "Weights",
  text: "Tokens",
  texts: "Generated",
  how: "How measured",
};

/// "Quant types" are the candidates of `measure`.
const shortTitle = (section: Element): string =>
  (section.id === "texts" || section.id === "ladder") && section.querySelector(".pair, .yours") === null
    ? (section.querySelector("h2")?.textContent ?? section.id)
    : (kShort[section.id] ?? section.querySelector("h2")?.textContent ?? section.id);

export function Contents() {
  const [sections, setSections] = useState<[string, string][]>([]);
  useEffect(() => {
    const found = [...document.querySelectorAll("main > section[id]")];
    setSections(found.map((section) => [section.id, shortTitle(section)]));
  }, []);
  if (sections.length < 3) return <nav class="contents" hidden />;
  return (
    <nav class="contents" aria-label="Contents">
      <strong>qualm</strong>
      {sections.map(([id, title]) => (
        <a key={id} href={`#${id}`}>{title}</a>
      ))}
    </nav>
  );
}
