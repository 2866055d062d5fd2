// The report as a file: asked for with the token, so it is no plain link.
import { useState } from "preact/hooks";
import { jobPath, Refused, type Problem } from "./client";
import { ProblemText } from "./problem";
import { useServer } from "./use";

const kFormats: [string, string][] = [["json", "JSON"], ["html", "HTML"], ["md", "Markdown"]];

const plain = (name: string): string => name.replace(/[^A-Za-z0-9._-]+/g, "-").replace(/^[.-]+/, "").slice(0, 120);

/// From the server's answer, else from the title of the job.
export function fileNameOf(disposition: string | null, title: string, format: string): string {
  const given = plain(/filename="([^"]*)"/.exec(disposition ?? "")?.[1] ?? "");
  return given || `qualm-${plain(title) || "report"}.${format}`;
}

export function Downloads({ id, title }: { id: string; title: string }) {
  const { client } = useServer();
  const [problem, setProblem] = useState<Problem | null>(null);
  const save = async (format: string) => {
    setProblem(null);
    try {
      const response = await client.ask(jobPath(id, `/report?format=${format}`));
      const url = URL.createObjectURL(await response.blob());
      const link = document.createElement("a");
      link.href = url;
      link.download = fileNameOf(response.headers.get("Content-Disposition"), title, format);
      link.click();
      setTimeout(() => URL.revokeObjectURL(url), 10_000);
    } catch (error) {
      if (error instanceof Refused) setProblem(error.problem);
    }
  };
  return (
    <>
      <span class="group" role="group" aria-label="Download the report">
        <span class="dim small" aria-hidden="true">Download</span>
        {kFormats.map(([format, name]) => (
          <button key={format} type="button" onClick={() => void save(format)} aria-label={`Download ${name}`}>{name}</button>
        ))}
      </span>
      {problem && <ProblemText problem={problem} />}
    </>
  );
}
