// A server with the API of docs/serve.md that says what a test wants it to say.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import type { Json } from "../src/document/read";
import { page } from "./report_file";

export const kToken = "0123456789abcdef0123456789abcdef";

export interface FakeJob {
  id: string;
  title: string;
  status: string;
  verdict?: string;
  summary?: string;
  created: number;
  seconds?: number;
  request?: Json;
  document?: Json;
  error?: Json;
}

type Fields = { [name: string]: Json };

/// As the real server makes it of the page (src/serve/page.cpp).
function policy(html: string): string {
  const meta = /Content-Security-Policy" content="([^"]*)"/.exec(html)?.[1] ?? "";
  return `${meta}; frame-ancestors 'none'`;
}

export class FakeServer {
  token = kToken;
  jobs: FakeJob[] = [];
  files: Record<string, Json> = { "": { path: "", parent: null, entries: [], truncated: false } };
  models: Json = { command: "models", models: [], stores: [] };
  /// What POST /api/jobs is refused with.
  refusal: Fields | null = null;
  posted: Json[] = [];
  lastEventIds: string[] = [];
  onCreate: (job: FakeJob) => void = () => undefined;
  down = false;
  private readonly streams = new Map<string, Set<ServerResponse>>();
  private readonly said = new Map<string, string[]>();
  private readonly sockets = new Set<Socket>();
  private readonly http: Server = createServer((request, response) => void this.answer(request, response));

  async start(port = 0): Promise<void> {
    this.http.on("connection", (socket: Socket) => {
      this.sockets.add(socket);
      socket.on("close", () => this.sockets.delete(socket));
      if (this.down) socket.destroy();
    });
    await new Promise<void>((done) => this.http.listen(port, "127.0.0.1", done));
  }

  get origin(): string {
    return `http://127.0.0.1:${(this.http.address() as AddressInfo).port}`;
  }

  get address(): string {
    return `${this.origin}/#token=${this.token}`;
  }

  /// Ends every connection, as a server that was stopped.
  drop(): void {
    for (const socket of this.sockets) socket.destroy();
  }

  stop(): Promise<void> {
    this.drop();
    return new Promise((done) => this.http.close(() => done()));
  }

  find = (id: string): FakeJob | undefined => this.jobs.find((job) => job.id === id);

  say(id: string, event: string, data: Json): void {
    const all = this.said.get(id) ?? [];
    this.said.set(id, all);
    const frame = `id: ${all.length + 1}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
    all.push(frame);
    for (const stream of this.streams.get(id) ?? []) stream.write(frame);
  }

  /// The job is over, and so are its streams.
  end(id: string, change: Partial<FakeJob>): void {
    Object.assign(this.find(id) ?? {}, change);
    this.say(id, "status", { status: change.status ?? "done" });
    for (const stream of this.streams.get(id) ?? []) stream.end();
    this.streams.delete(id);
  }

  private json(response: ServerResponse, status: number, body: Json): void {
    response.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify(body));
  }

  private refuse(response: ServerResponse, status: number, error: Fields): void {
    this.json(response, status, { error: { kind: "input", code: "SERVE-010", file: "", place: "", expected: "", found: "", advice: "", message: "", ...error } });
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "/", this.origin);
    const html = page();
    if (url.pathname === "/") {
      response.writeHead(200, { "Content-Type": "text/html; charset=utf-8", "Content-Security-Policy": policy(html) }).end(html);
      return;
    }
    if (request.headers.authorization !== `Bearer ${this.token}`) {
      this.refuse(response, 401, { code: "SERVE-014", expected: "the token of this server", found: "another or none" });
      return;
    }
    const [, , what, id, rest] = url.pathname.split("/");
    if (what === "state") this.json(response, 200, { version: "0.1.0", root: "/home/me/models", running: null, queued: 0 });
    else if (what === "models") this.json(response, 200, this.models);
    else if (what === "files") {
      const found = this.files[url.searchParams.get("path") ?? ""];
      if (found) this.json(response, 200, found);
      else this.refuse(response, 404, { code: "SERVE-012", expected: "a file or folder", found: "nothing" });
    } else if (what === "jobs" && !id) await this.answerJobs(request, response);
    else if (what === "jobs" && id) this.answerJob(request, response, id, rest ?? "", url);
    else this.refuse(response, 404, { code: "SERVE-017" });
  }

  private async answerJobs(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.method === "GET") {
      const listed = [...this.jobs].sort((a, b) => b.created - a.created).map(({ id, title, status, verdict, summary, created, seconds }) => ({ id, title, status, verdict: verdict ?? "", summary: summary ?? "", created, seconds: seconds ?? 0 }));
      this.json(response, 200, listed);
      return;
    }
    let body = "";
    for await (const part of request) body += String(part);
    const wish = JSON.parse(body) as Fields;
    this.posted.push(wish);
    if (this.refusal) {
      this.refuse(response, 400, this.refusal);
      return;
    }
    const job: FakeJob = { id: `made${this.jobs.length}`, title: `diagnose ${String(wish.candidate)}`, status: "running", created: 1_800_000_000 + this.jobs.length, request: wish };
    this.jobs.push(job);
    this.onCreate(job);
    this.json(response, 201, { id: job.id });
  }

  private answerJob(request: IncomingMessage, response: ServerResponse, id: string, rest: string, url: URL): void {
    const job = this.find(id);
    if (!job) this.refuse(response, 404, { code: "SERVE-017", expected: "a page or a job of this server", found: "nothing" });
    else if (request.method === "DELETE") {
      this.jobs = this.jobs.filter((one) => one !== job);
      this.json(response, 200, {});
    } else if (rest === "cancel") {
      this.json(response, 200, {});
      setTimeout(() => this.end(id, { status: "cancelled" }), 50);
    } else if (rest === "resume") {
      job.status = "running";
      this.said.delete(id);
      this.json(response, 200, {});
    } else if (rest === "events") this.stream(request, response, job);
    else if (rest === "report") {
      const format = url.searchParams.get("format") ?? "json";
      response.writeHead(200, { "Content-Type": "text/plain", "Content-Disposition": `attachment; filename="qualm-${id}.${format}"` });
      response.end(format === "json" ? JSON.stringify(job.document) : `a report as ${format}`);
    } else this.json(response, 200, job as unknown as Json);
  }

  private stream(request: IncomingMessage, response: ServerResponse, job: FakeJob): void {
    const last = String(request.headers["last-event-id"] ?? "");
    this.lastEventIds.push(last);
    response.writeHead(200, { "Content-Type": "text/event-stream" });
    response.write(": begin\n");
    for (const frame of (this.said.get(job.id) ?? []).slice(Number(last || 0))) response.write(frame);
    if (job.status !== "running" && job.status !== "queued") {
      response.end();
      return;
    }
    const streams = this.streams.get(job.id) ?? new Set();
    this.streams.set(job.id, streams.add(response));
    response.on("close", () => streams.delete(response));
  }
}
