// Which view an address stands for. Other anchors lead inside a view: its entry in the browser's
// history keeps which view that was.
import { useEffect, useState } from "preact/hooks";

export type Route =
  | { view: "new" }
  | { view: "runs" }
  | { view: "job"; id: string }
  | { view: "compare"; a: string; b: string };

export function routeOf(hash: string): Route | null {
  if (hash === "" || hash === "#" || hash === "#new") return { view: "new" };
  if (hash === "#runs") return { view: "runs" };
  const job = /^#job=([\w-]{1,64})$/.exec(hash);
  if (job?.[1]) return { view: "job", id: job[1] };
  const both = /^#compare=([\w-]{1,64}),([\w-]{1,64})$/.exec(hash);
  return both?.[1] && both[2] ? { view: "compare", a: both[1], b: both[2] } : null;
}

export const hashOf = (route: Route): string =>
  route.view === "job" ? `#job=${route.id}` : route.view === "compare" ? `#compare=${route.a},${route.b}` : `#${route.view}`;

function kept(): Route | null {
  const state = history.state as unknown;
  const hash = typeof state === "object" && state !== null && "view" in state ? state.view : null;
  return typeof hash === "string" ? routeOf(hash) : null;
}

/// `moves` counts the changes of the view.
export function useRoute(): { route: Route; moves: number } {
  const [now, setNow] = useState(() => ({ route: routeOf(location.hash) ?? kept() ?? { view: "new" } as Route, moves: 0 }));
  useEffect(() => {
    const look = () =>
      setNow((before) => {
        const route = routeOf(location.hash) ?? kept();
        if (route === null) history.replaceState({ view: hashOf(before.route) }, "");
        if (route === null || hashOf(route) === hashOf(before.route)) return before;
        return { route, moves: before.moves + 1 };
      });
    addEventListener("hashchange", look);
    addEventListener("popstate", look);
    look();  // the address may have changed since this view was first drawn
    return () => {
      removeEventListener("hashchange", look);
      removeEventListener("popstate", look);
    };
  }, []);
  return now;
}

export function go(route: Route): void {
  location.hash = hashOf(route);
}
