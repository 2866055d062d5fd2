// Tables that scroll sideways on a phone; one that does can be focused, to scroll by key.
import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";

export interface Column {
  title: string;
  numeric?: boolean;
  wide?: boolean;
}

interface Props {
  caption: string;
  columns: Column[];
  rows: ComponentChildren[][];
  showCaption?: boolean;
}

export function Scroller({ label, children }: { label: string; children: ComponentChildren }) {
  const box = useRef<HTMLDivElement>(null);
  const [scrolls, setScrolls] = useState(false);
  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return;
    const look = () => setScrolls(element.scrollWidth > element.clientWidth + 1);
    const observer = new ResizeObserver(look);
    observer.observe(element);
    look();
    return () => observer.disconnect();
  }, []);
  return (
    <div
      class="scroller"
      ref={box}
      {...(scrolls ? { tabIndex: 0, role: "region", "aria-label": label } : {})}
    >
      {children}
    </div>
  );
}

export function Table({ caption, columns, rows, showCaption }: Props) {
  if (rows.length === 0) return null;
  return (
    <Scroller label={caption}>
      <table>
        <caption class={showCaption ? "" : "hidden"}>{caption}</caption>
        <thead>
          <tr>
            {columns.map((column, i) => (
              <th key={i} scope="col" class={column.numeric ? "numeric" : ""}>
                {column.title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row, i) => (
            <tr key={i}>
              {row.map((cell, j) => {
                const kind = `${columns[j]?.numeric ? "numeric" : ""} ${columns[j]?.wide ? "wide" : ""}`;
                return j === 0 ? (
                  <th key={j} scope="row" class={kind}>
                    {cell}
                  </th>
                ) : (
                  <td key={j} class={kind}>
                    {cell}
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </Scroller>
  );
}

/// The figures of a chart as a table, for who cannot see or wants to copy them.
export function AsTable(props: Props) {
  const [open, setOpen] = useState(false);
  return (
    <details class="data" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>As a table</summary>
      {open && <Table {...props} />}
    </details>
  );
}
