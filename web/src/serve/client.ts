// Requests to the server that sent this page. What goes wrong is an error of qualm (code, what was
// expected, what to do), or there was no answer at all.
import { at, number, raw, text, type Json } from "../document/read";

export interface Problem {
  status: number;
  code: string;
  file: string;
  place: string;
  expected: string;
  found: string;
  advice: string;
  message: string;
}

export class Refused extends Error {
  constructor(readonly problem: Problem) {
    super(problem.message);
  }
}

/// The server did not answer.
export class Gone extends Error {}

/// "denied": this is no token of the server that runs now.
export type Connection = "ok" | "gone" | "denied";

/// `file` and `place` as they came: they are compared, not shown.
export function problemOf(json: Json, status = 0): Problem {
  const error = at(json, "error") ?? json;
  const of = (name: string): string => text(at(error, name));
  return {
    status,
    code: of("code"),
    file: raw(at(error, "file")),
    place: raw(at(error, "place")),
    expected: of("expected"),
    found: of("found"),
    advice: of("advice"),
    message: of("message"),
  };
}

interface Asked {
  method?: string;
  body?: Json;
  headers?: Record<string, string>;
  signal?: AbortSignal;
}

export class Client {
  /// Told after every request.
  onConnection: (connection: Connection) => void = () => undefined;

  constructor(private readonly token: string) {}

  async ask(path: string, { method = "GET", body, headers = {}, signal }: Asked = {}): Promise<Response> {
    const sent: RequestInit = { method, cache: "no-store", headers: { ...headers, Authorization: `Bearer ${this.token}` } };
    if (signal) sent.signal = signal;
    if (body !== undefined) sent.body = JSON.stringify(body);
    let response: Response;
    try {
      response = await fetch(path, sent);
    } catch (error) {
      if (signal?.aborted) throw error;
      this.onConnection("gone");
      throw new Gone("The server does not answer.");
    }
    this.onConnection(response.status === 401 ? "denied" : "ok");
    if (response.ok) return response;
    const answer = await response.json().catch(() => null) as Json;
    throw new Refused(problemOf(answer, response.status));
  }

  async get(path: string, signal?: AbortSignal): Promise<Json> {
    return this.read(await this.ask(path, signal ? { signal } : {}), signal);
  }

  async send(method: "POST" | "DELETE", path: string, body?: Json): Promise<Json> {
    return this.read(await this.ask(path, body === undefined ? { method } : { method, body }));
  }

  private async read(response: Response, signal?: AbortSignal): Promise<Json> {
    try {
      return await response.json() as Json;
    } catch (error) {
      if (signal?.aborted) throw error;
      this.onConnection("gone"); // it broke off
      throw new Gone("The server broke off its answer.");
    }
  }
}

export const jobPath = (id: string, rest = ""): string => `/api/jobs/${encodeURIComponent(id)}${rest}`;

export const secondsOf = (job: Json): number => number(at(job, "seconds")) ?? 0;
