// A button that changes something on the server.
import { useState } from "preact/hooks";
import type { Json } from "../document/read";
import { Refused, type Problem } from "./client";
import { useServer } from "./use";

export interface Action {
  act: (method: "POST" | "DELETE", path: string, done: (answer: Json) => void, body?: Json) => Promise<void>;
  busy: boolean;
  problem: Problem | null;
}

export function useAction(): Action {
  const { client } = useServer();
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const act: Action["act"] = async (method, path, done, body) => {
    setBusy(true);
    setProblem(null);
    try {
      done(await client.send(method, path, body));
    } catch (error) {
      if (error instanceof Refused) setProblem(error.problem);
    } finally {
      setBusy(false);
    }
  };
  return { act, busy, problem };
}
