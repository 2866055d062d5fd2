// The page of `qualm serve`: its header, its views, and what it says when the server does not answer.
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { at, text } from "../document/read";
import { Name } from "../ui/parts";
import { Client, type Connection } from "./client";
import { CompareView } from "./compare_view";
import { JobView } from "./job_view";
import { NewView } from "./new_view";
import { useRoute, type Route } from "./route";
import { RunsView } from "./runs_view";
import { accessToken, keepToken, takeToken } from "./token";
import { ServerContext, useAnswer } from "./use";

const kRetries = [1, 2, 4, 8, 10]; // seconds; then the last again

export function Shell() {
  const [token, setToken] = useState(takeToken);
  useEffect(() => {
    const look = () => {
      if (accessToken(location.hash) !== null) setToken(takeToken());
    };
    addEventListener("hashchange", look);
    look();
    return () => removeEventListener("hashchange", look);
  }, []);
  return token === null ? <Closed onToken={setToken} /> : <Opened key={token} token={token} onToken={setToken} />;
}

function Closed({ onToken, denied = false }: { onToken: (token: string) => void; denied?: boolean }) {
  const [typed, setTyped] = useState("");
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = "qualm serve";
    heading.current?.focus();
  }, []);
  const take = (event: Event) => {
    event.preventDefault();
    const token = accessToken(typed.slice(Math.max(0, typed.indexOf("#token=")))) ?? typed.trim();
    if (!token) return;
    keepToken(token);
    onToken(token);
  };
  return (
    <main class="closed">
      <h1 tabIndex={-1} ref={heading}>{denied ? "The server was started again: open its new address." : "Open the address that qualm serve printed."}</h1>
      <p>It ends in <code>#token=</code> and a token that is new with every start. Without it this page can read nothing.</p>
      <p>If the server was started with <code>--token</code>, give that token here.</p>
      <form class="inline" onSubmit={take}>
        <label>Token or address <input type="password" autocomplete="off" value={typed} onInput={(event) => setTyped(event.currentTarget.value)} /></label>
        <button type="submit">Open</button>
      </form>
    </main>
  );
}

/// Asks whether the server is back, ever more rarely.
function useConnection(client: Client): { connection: Connection; epoch: number } {
  const [state, setState] = useState<{ connection: Connection; epoch: number }>({ connection: "ok", epoch: 0 });
  useEffect(() => {
    client.onConnection = (connection) =>
      setState((before) =>
        before.connection === connection
          ? before
          : { connection, epoch: before.epoch + (connection === "ok" ? 1 : 0) });
  }, [client]);
  const gone = state.connection === "gone";
  useEffect(() => {
    if (!gone) return;
    let tries = 0;
    let stopped = false;
    let timer: ReturnType<typeof setTimeout>;
    const next = () => {
      if (stopped) return;
      timer = setTimeout(() => {
        client.get("/api/state").catch(() => undefined).finally(next);
      }, 1000 * (kRetries[Math.min(tries++, kRetries.length - 1)] ?? 10));
    };
    next();
    return () => {
      stopped = true;
      clearTimeout(timer);
    };
  }, [client, gone]);
  return state;
}

function Opened({ token, onToken }: { token: string; onToken: (token: string) => void }) {
  const client = useMemo(() => new Client(token), [token]);
  const { connection, epoch } = useConnection(client);
  const { route, moves } = useRoute();
  if (connection === "denied") return <Closed denied onToken={onToken} />;
  return (
    <ServerContext.Provider value={{ client, epoch }}>
      <Header route={route} />
      <p class={connection === "gone" ? "banner" : "hidden"} role="alert">
        {connection === "gone" && "The server does not answer. This page tries again by itself. If it was stopped, start qualm serve again and open its new address."}
      </p>
      <main key={moves}>
        <View route={route} moved={moves > 0} />
      </main>
    </ServerContext.Provider>
  );
}

function View({ route, moved }: { route: Route; moved: boolean }) {
  switch (route.view) {
    case "runs":
      return <RunsView moved={moved} />;
    case "job":
      return <JobView id={route.id} moved={moved} />;
    case "compare":
      return <CompareView a={route.a} b={route.b} moved={moved} />;
    default:
      return <NewView moved={moved} />;
  }
}

function Header({ route }: { route: Route }) {
  const { json } = useAnswer("/api/state");
  const root = text(at(json, "root"));
  const link = (view: "new" | "runs", title: string) => (
    <a href={`#${view}`} aria-current={route.view === view ? "page" : undefined}>{title}</a>
  );
  return (
    <header class="top">
      <nav aria-label="Pages">
        <strong>qualm</strong>
        {link("new", "New run")}
        {link("runs", "Runs")}
      </nav>
      {root && <span class="dim small">folder <Name of={root} most={60} /></span>}
    </header>
  );
}
