// An error of the server or of a job: what was expected, what was found, what to do.
import { text } from "../document/read";
import { clipped } from "../format/visible";
import { Name } from "../ui/parts";
import type { Problem } from "./client";

const kLog = "; its last lines: "; // src/job/job.cpp

export function sentence({ expected, found, message, code }: Problem): string {
  if (expected) return `Expected ${expected}${found ? `, found ${found.split(kLog)[0]}` : ""}.`;
  return message || (code ? `Error ${code}.` : "The server refused this.");
}

function linesOf({ found }: Problem): string[] {
  const log = found.split(kLog)[1];
  return log ? log.split(" | ") : [];
}

export function ProblemText({ problem, id }: { problem: Problem; id?: string }) {
  const lines = linesOf(problem);
  const where = [problem.file, problem.place].filter(Boolean).map((one) => text(one)).join(", ");
  return (
    <div class="problem" id={id}>
      <p><strong>{clipped(sentence(problem), 600)}</strong></p>
      {problem.advice && <p>{clipped(problem.advice, 600)}</p>}
      {lines.length > 0 && (
        <>
          <p class="dim small">The last lines of its log:</p>
          <pre tabIndex={0} aria-label="The last lines of its log">{lines.map((line) => clipped(line, 300)).join("\n")}</pre>
        </>
      )}
      <p class="dim small">
        {where && <><Name of={where} />{problem.code && " · "}</>}
        {problem.code && <>{problem.code} (qualm explain {problem.code})</>}
      </p>
    </div>
  );
}
