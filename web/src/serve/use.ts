// What the views share: the client, and answers of the server that come again when it is back.
import { createContext } from "preact";
import { useCallback, useContext, useEffect, useRef, useState } from "preact/hooks";
import type { Json } from "../document/read";
import { Client, Refused, type Problem } from "./client";
import { follow } from "./follow";
import { after, kNothing, type Live } from "./live";

export interface Server {
  client: Client;
  /// Goes up when the server answers again after it did not.
  epoch: number;
}

export const ServerContext = createContext<Server>({ client: new Client(""), epoch: 0 });
export const useServer = (): Server => useContext(ServerContext);

export interface Answer {
  json: Json | undefined; // undefined: not yet here
  problem: Problem | null;
  again: () => void;
}

/// The answer to a GET; the one before stays while it is asked for again. null asks for nothing.
export function useAnswer(path: string | null): Answer {
  const { client, epoch } = useServer();
  const [state, setState] = useState<{ path: string | null; json?: Json; problem: Problem | null }>({ path, problem: null });
  const [asked, setAsked] = useState(0);
  useEffect(() => {
    if (path === null) return;
    const stop = new AbortController();
    client.get(path, stop.signal).then(
      (json) => setState({ path, json, problem: null }),
      (error: unknown) => {
        if (error instanceof Refused) setState({ path, problem: error.problem });
      },
    );
    return () => stop.abort();
  }, [client, path, epoch, asked]);
  const again = useCallback(() => setAsked((n) => n + 1), []);
  const mine = state.path === path;
  return { json: mine ? state.json : undefined, problem: mine ? state.problem : null, again };
}

const kDrawEvery = 100; // ms: the job itself needs the processor

function parsed(data: string): Json {
  try {
    return JSON.parse(data) as Json;
  } catch {
    return null;
  }
}

/// What a job that runs says; `onEnd` when it is over. Events are only kept as they come, and the
/// last of each kind is read when the page draws.
export function useLive(id: string, onEnd: () => void): Live {
  const { client } = useServer();
  const [live, setLive] = useState(kNothing);
  const end = useRef(onEnd);
  end.current = onEnd;
  useEffect(() => {
    const stop = new AbortController();
    const waiting = new Map<string, { data: string; at: number }>();
    let timer: ReturnType<typeof setTimeout> | null = null;
    const draw = () => {
      timer = null;
      if (stop.signal.aborted) return;
      const events = [...waiting];
      waiting.clear();
      setLive((before) => events.reduce((sum, [kind, { data, at }]) => after(sum, kind.split(" ")[0] ?? "", parsed(data), at), before));
    };
    // A page that is not shown gets no frames.
    const soon = () => (document.hidden ? draw() : requestAnimationFrame(draw));
    let notes = 0;
    follow(
      client,
      id,
      ({ event, data }) => {
        if (event === "result" || event === "error") return; // GET /api/jobs/ID has it
        const kind = event === "note" ? `note ${notes++ % 20}` : event;
        waiting.delete(kind);
        waiting.set(kind, { data, at: performance.now() });
        timer ??= setTimeout(soon, kDrawEvery);
      },
      stop.signal,
    ).then(
      () => {
        if (!stop.signal.aborted) end.current();
      },
      () => end.current(),
    );
    return () => {
      stop.abort();
      if (timer) clearTimeout(timer);
    };
  }, [client, id]);
  return live;
}
