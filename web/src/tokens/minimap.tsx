// All windows at once: a row each, a column a token. Click one to read it.
import { useEffect, useRef } from "preact/hooks";
import { tint, type Mode } from "./bands";
import type { Tokens } from "./data";

const kRow = 6;

const longestOf = (tokens: Tokens): number =>
  Math.max(...tokens.windows.map((window) => window.tokens.length), 1);

function paint(canvas: HTMLCanvasElement, tokens: Tokens, mode: Mode, current: number): void {
  const pen = canvas.getContext("2d");
  if (!pen) return;
  const longest = longestOf(tokens);
  canvas.width = Math.min(1400, longest);
  canvas.height = tokens.windows.length * kRow;
  const style = getComputedStyle(canvas);
  const colours = new Map<string, string>();
  const colour = (name: string): string => {
    const known = colours.get(name) ?? style.getPropertyValue(`--${name}`).trim();
    colours.set(name, known);
    return known || "transparent";
  };
  const step = canvas.width / longest;
  tokens.windows.forEach((window, row) => {
    pen.fillStyle = colour("line");
    if (row === current) pen.fillRect(0, row * kRow, canvas.width, kRow - 1);
    for (let index = 0; index < window.tokens.length; ++index) {
      const kind = tint(tokens, window, index, mode);
      if (kind === "context" || kind === "quiet" || kind === "b0" || kind === "r0") continue;
      pen.fillStyle = colour(kind);
      pen.fillRect(index * step, row * kRow, Math.max(step, 1), kRow - 1);
    }
  });
}

interface Props {
  tokens: Tokens;
  mode: Mode;
  current: number;
  onPick: (row: number, index: number) => void;
}

export function Minimap({ tokens, mode, current, onPick }: Props) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const draw = () => canvas.current && paint(canvas.current, tokens, mode, current);
    draw();
    const media = ["(prefers-color-scheme: dark)", "print"].map((query) => matchMedia(query));
    for (const one of media) one.addEventListener("change", draw);
    return () => {
      for (const one of media) one.removeEventListener("change", draw);
    };
  }, [tokens, mode, current]);
  const onClick = (event: MouseEvent) => {
    const box = canvas.current?.getBoundingClientRect();
    if (!box || box.height === 0) return;
    const row = Math.floor(((event.clientY - box.top) / box.height) * tokens.windows.length);
    onPick(Math.max(0, Math.min(row, tokens.windows.length - 1)), Math.floor(((event.clientX - box.left) / box.width) * longestOf(tokens)));
  };
  return (
    <canvas
      ref={canvas}
      class="minimap"
      onClick={onClick}
      role="img"
      aria-label={`Map of all ${tokens.windows.length} windows, a row each. The list of windows below does the same.`}
    />
  );
}
