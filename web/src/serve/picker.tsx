// Choosing a file: from the folder of --root, from the stores of other programs, or by its path.
import { useEffect, useRef, useState } from "preact/hooks";
import { absent, at, label, list, number, raw, text, type Json } from "../document/read";
import { formatBytes } from "../format/units";
import { Name, Toggle } from "../ui/parts";
import { folderOf, handWords, inFolder } from "./hand";
import { ProblemText } from "./problem";
import { useAnswer } from "./use";

export type Kind = "model" | "pack" | "text";

interface Props {
  kind: Kind;
  what: string;
  value: string;
  models: Json;
  /// null: it cannot be closed.
  onClose: (() => void) | null;
  onPick: (value: string) => void;
  focus: boolean;
}

const kMostShown = 200;
const kFilterFrom = 12;

export function Picker({ kind, what, value, models, onClose, onPick, focus }: Props) {
  const stored = kind === "model" ? list(at(models, "models")) : [];
  const [from, setFrom] = useState<"files" | "stores">("files");
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (focus) box.current?.querySelector<HTMLElement>("button, input, a")?.focus();
  }, []);
  return (
    <div class="picker" ref={box} role="group" aria-label={`Choose ${what}`} onKeyDown={(event) => {
      if (event.key !== "Escape" || !onClose) return;
      event.stopPropagation();
      onClose();
    }}>
      <div class="picker-bar">
        {stored.length > 0 && (
          <Toggle<"files" | "stores"> label={`Where ${what} is`} options={[["files", "Files"], ["stores", `Downloaded models (${stored.length})`]]} value={from} onChange={setFrom} />
        )}
        {onClose && <button type="button" onClick={onClose}>Close</button>}
      </div>
      {from === "files" ? <Files kind={kind} begin={folderOf(value)} onPick={onPick} /> : <Stored models={stored} onPick={onPick} />}
      <ByPath kind={kind} onPick={onPick} />
    </div>
  );
}

function ByPath({ kind, onPick }: { kind: Kind; onPick: (value: string) => void }) {
  const [typed, setTyped] = useState("");
  const take = () => typed.trim() && onPick(typed.trim());
  return (
    <p class="by-path">
      <label>{kind === "text" ? "Or its path" : "Or its path or name"}{" "}
        <input value={typed} spellcheck={false} autocomplete="off" onInput={(event) => setTyped(event.currentTarget.value)} onKeyDown={(event) => {
          if (event.key !== "Enter") return;
          event.preventDefault();
          take();
        }} />
      </label>
      <button type="button" disabled={!typed.trim()} onClick={take}>Use</button>
    </p>
  );
}

function Filtered<T>({ all, textOf, children }: { all: T[]; textOf: (one: T) => string; children: (shown: T[]) => preact.ComponentChildren }) {
  const [filter, setFilter] = useState("");
  const fitting = filter ? all.filter((one) => textOf(one).toLowerCase().includes(filter.toLowerCase())) : all;
  return (
    <>
      {all.length > kFilterFrom && (
        <p class="filter"><label>Filter <input type="search" value={filter} onInput={(event) => setFilter(event.currentTarget.value)} /></label></p>
      )}
      {children(fitting.slice(0, kMostShown))}
      {fitting.length > kMostShown && <p class="dim small">{fitting.length - kMostShown} more: filter to see them.</p>}
      {all.length > 0 && fitting.length === 0 && <p class="dim small">Nothing fits the filter.</p>}
    </>
  );
}

function Files({ kind, begin, onPick }: { kind: Kind; begin: string; onPick: (value: string) => void }) {
  const [folder, setFolder] = useState(begin.startsWith("/") ? "" : begin);
  const { json, problem } = useAnswer(`/api/files?path=${encodeURIComponent(folder)}`);
  const list_ = useRef<HTMLDivElement>(null);
  const moved = useRef(false);
  const open = (path: string) => {
    moved.current = true;
    setFolder(path);
  };
  useEffect(() => {
    if (!moved.current || json === undefined) return;
    moved.current = false;
    list_.current?.querySelector<HTMLElement>("button")?.focus();
  }, [json]);
  const entries = list(json).length ? [] : list(at(json, "entries")).filter((entry) => [kind as string, "folder"].includes(raw(at(entry, "kind"))));
  const parent = at(json, "parent");
  return (
    <div ref={list_} class="files" aria-busy={json === undefined}>
      <p class="dim small crumb"><Name of={folder ? `folder of the server / ${text(folder)}` : "folder of the server"} most={120} /></p>
      {typeof parent === "string" && <button type="button" class="entry" onClick={() => open(parent)}><span class="kind" aria-hidden="true">↰</span> <span>up</span></button>}
      {problem && <><ProblemText problem={problem} /><button type="button" onClick={() => open("")}>To the first folder</button></>}
      <Filtered all={entries} textOf={(entry) => raw(at(entry, "name"))}>
        {(shown) => (
          <ul class="entries">
            {shown.map((entry) => {
              const name = raw(at(entry, "name"));
              const isFolder = at(entry, "kind") === "folder";
              const bytes = number(at(entry, "bytes")) ?? 0;
              return (
                <li key={name}>
                  <button type="button" class="entry" onClick={() => (isFolder ? open : onPick)(inFolder(folder, name))}>
                    <span class="kind" aria-hidden="true">{isFolder ? "▸" : "·"}</span>
                    <span class="entry-name"><Name of={text(at(entry, "name"))} most={100} />{isFolder && "/"}</span>
                    <span class="dim small">{isFolder ? "folder" : bytes > 0 ? formatBytes(bytes) : "folder with safetensors"}</span>
                  </button>
                </li>
              );
            })}
          </ul>
        )}
      </Filtered>
      {json !== undefined && entries.length === 0 && <p class="dim small">No {kind === "text" ? "text" : kind === "pack" ? "reference pack (.qref)" : "model"} and no folder here.</p>}
      {at(json, "truncated") === true && <p class="dim small">This folder has more entries than the server lists: give the path.</p>}
    </div>
  );
}

function Stored({ models, onPick }: { models: Json[]; onPick: (value: string) => void }) {
  return (
    <Filtered all={models} textOf={(one) => raw(at(one, "name"))}>
      {(shown) => (
        <ul class="entries">
          {shown.map((one, i) => {
            const bytes = number(at(one, "model", "file_bytes"));
            const unreadable = absent(at(one, "model"));
            return (
              <li key={i}>
                <button type="button" class="entry" disabled={unreadable !== null} onClick={() => onPick(raw(at(one, "name")))}>
                  <span class="kind" aria-hidden="true">·</span>
                  <span class="entry-name"><Name of={text(at(one, "name"))} most={100} /></span>
                  <span class="dim small">{unreadable !== null ? `cannot be read: ${unreadable.slice(0, 100)}` : [label(at(one, "model", "type")), bytes ? formatBytes(bytes) : "", handWords(one)].filter(Boolean).join(" · ")}</span>
                </button>
              </li>
            );
          })}
        </ul>
      )}
    </Filtered>
  );
}
