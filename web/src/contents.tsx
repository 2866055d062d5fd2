// The sections of this page, to jump to.
import { useEffect, useState } from "preact/hooks";

export function Contents() {
  const [sections, setSections] = useState<[string, string][]>([]);
  useEffect(() => {
    const found = [...document.querySelectorAll("main > section[id]")];
    setSections(found.map((section) => [section.id, section.querySelector("h2")?.textContent ?? section.id]));
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
