// Small parts that every page uses.
import { Component, createContext, type ComponentChildren } from "preact";
import { useContext, useState } from "preact/hooks";
import { clipped, hasInvisible, visible } from "../format/visible";
import type { Tone } from "../format/words";

/// Before every id, so that a diagnosis inside a demo has ids of its own.
export const Scope = createContext("");

/// A string of the document, on its own as to direction, and shortened if it is very long.
export function Name({ of, most = 160 }: { of: string; most?: number }) {
  return <bdi class={of.length <= 32 ? "name short" : "name"}>{clipped(of, most)}</bdi>;
}

export function Badge({ word, tone, large }: { word: string; tone: Tone; large?: boolean }) {
  return <span class={`badge ${tone}${large ? " large" : ""}`}>{word}</span>;
}

/// One part that cannot be shown must not take the others with it.
class Guard extends Component<{ children: ComponentChildren }, { failed: boolean }> {
  override state = { failed: false };
  override componentDidCatch(): void {
    this.setState({ failed: true });
  }
  override render() {
    return this.state.failed ? (
      <p class="dim">This part cannot be shown: its data are not as expected.</p>
    ) : (
      this.props.children
    );
  }
}

interface SectionProps {
  id: string;
  title: string;
  lead?: string;
  children: ComponentChildren;
}

export function Section({ id, title, lead, children }: SectionProps) {
  const scope = useContext(Scope);
  return (
    <section id={scope + id} aria-labelledby={`${scope}${id}-title`}>
      <h2 id={`${scope}${id}-title`}>{title}</h2>
      {lead && <p class="lead">{lead}</p>}
      <Guard>{children}</Guard>
    </section>
  );
}

export function Part({ title, children, lead }: { title: string; lead?: string; children: ComponentChildren }) {
  return (
    <div class="part">
      <h3>{title}</h3>
      {lead && <p class="dim">{lead}</p>}
      <Guard>{children}</Guard>
    </div>
  );
}

async function copy(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = document.createElement("textarea");  // where the clipboard is not allowed
    area.value = text;
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    return done;
  }
}

/// A command to paste. One with invisible characters can be read but not copied: what is pasted
/// into a terminal must be what was seen.
export function Command({ text, label }: { text: string; label: string }) {
  const [said, setSaid] = useState("");
  if (!text) return null;
  const unsafe = hasInvisible(text);
  const onClick = async () => {
    setSaid((await copy(text)) ? "Copied" : "Select and copy it by hand");
    setTimeout(() => setSaid(""), 2000);
  };
  return (
    <div class="command">
      <code dir="ltr">{clipped(visible(text), 2000)}</code>
      {unsafe ? (
        <span class="dim">has invisible characters: not to copy</span>
      ) : (
        <button type="button" onClick={onClick} aria-label={`Copy ${label}`}>
          {said || "Copy"}
        </button>
      )}
      <span class="hidden" role="status">
        {said}
      </span>
    </div>
  );
}

/// The command that made a report.
export function Repeat({ command }: { command: string }) {
  if (!command) return null;
  return (
    <div class="repeat">
      <h2>To repeat it</h2>
      <Command text={command} label="the command that repeats it" />
    </div>
  );
}

interface ToggleProps<T extends string> {
  label: string;
  options: [T, string][];
  value: T;
  onChange: (value: T) => void;
}

/// One of a few, with the keys of radio buttons.
export function Toggle<T extends string>({ label, options, value, onChange }: ToggleProps<T>) {
  const scope = useContext(Scope);
  return (
    <fieldset class="toggle">
      <legend class="hidden">{label}</legend>
      {options.map(([id, title]) => (
        <label key={id} class={id === value ? "on" : ""}>
          <input
            type="radio"
            name={scope + label}
            checked={id === value}
            onChange={() => onChange(id)}
          />
          {title}
        </label>
      ))}
    </fieldset>
  );
}
