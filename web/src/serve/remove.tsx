// Asks before a run is removed.
import { useEffect, useRef } from "preact/hooks";
import { Name } from "../ui/parts";
import { useAction } from "./action";
import { jobPath } from "./client";
import { ProblemText } from "./problem";

interface Props {
  id: string;
  title: string;
  onKeep: () => void;
  onRemoved: () => void;
}

export function Remove({ id, title, onKeep, onRemoved }: Props) {
  const { act, busy, problem } = useAction();
  const keep = useRef<HTMLButtonElement>(null);
  useEffect(() => keep.current?.focus(), []);
  return (
    <div class="confirm" role="group" aria-label="Remove this run?" onKeyDown={(event) => event.key === "Escape" && onKeep()}>
      <p>Remove “<Name of={title} most={80} />” and its report?</p>
      <div class="actions">
        <button type="button" ref={keep} onClick={onKeep}>Keep</button>
        <button type="button" class="danger" disabled={busy} onClick={() => void act("DELETE", jobPath(id), onRemoved)}>Remove it</button>
      </div>
      {problem && <ProblemText problem={problem} />}
    </div>
  );
}
