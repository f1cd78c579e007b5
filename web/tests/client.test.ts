// @vitest-environment node
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ApiError, JoinApi } from "../src/api/client";
import type { Failure } from "../src/api/problem";

type Answer = (request: IncomingMessage, response: ServerResponse, body: string) => void;

let server: Server;
let answer: Answer;
let api: JoinApi;
const never = new AbortController().signal;

beforeEach(async () => {
  server = createServer((request, response) => {
    let body = "";
    request.on("data", (part: Buffer) => (body += part.toString()));
    request.on("end", () => answer(request, response, body));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  api = new JoinApi(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, "v1.uid.0.sig");
});

afterEach(() => new Promise((resolve) => server.close(resolve)));

async function failure(request: Promise<unknown>): Promise<Failure> {
  const error: unknown = await request.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (!(error instanceof ApiError)) throw new Error("expected an ApiError", { cause: error });
  return error.failure;
}

function problem(status: number, slug: string, headers: Record<string, string> = {}): Answer {
  return (_request, response) => {
    response.writeHead(status, { "Content-Type": "application/problem+json", ...headers });
    response.end(JSON.stringify({ type: `https://parley.dev/problems/${slug}`, title: slug, status, detail: slug }));
  };
}

describe("JoinApi", () => {
  it("sends the link's token and reads the answer", async () => {
    answer = (request, response) => {
      expect(request.url).toBe("/join/v1/interview");
      expect(request.headers.authorization).toBe("Bearer v1.uid.0.sig");
      response.writeHead(200, { "Content-Type": "application/json" }).end('{"title": "Engineer"}');
    };
    expect(await api.interview(never)).toEqual({ title: "Engineer" });
  });

  it("posts the consent's version and takes an empty answer", async () => {
    let sent = "";
    answer = (request, response, body) => {
      sent = `${request.method} ${request.headers["content-type"]} ${body}`;
      response.writeHead(204).end();
    };
    await api.consent("7", never);
    expect(sent).toBe('POST application/json {"version":"7"}');
  });

  it("reads problem details and Retry-After", async () => {
    answer = problem(409, "not-ready", { "Retry-After": "2" });
    expect(await failure(api.connect(never))).toEqual({ kind: "notReady", retryAfterMs: 2000, queued: false });
    answer = problem(410, "link-revoked");
    expect(await failure(api.interview(never))).toEqual({ kind: "refused", why: "revoked" });
  });

  it("takes a proxy's page for the API being away", async () => {
    answer = (_request, response) => response.writeHead(502, { "Content-Type": "text/html" }).end("<h1>Bad gateway</h1>");
    expect(await failure(api.interview(never))).toEqual({ kind: "unreachable", retryAfterMs: null });
  });

  it("takes a dropped connection for the API being away", async () => {
    answer = (request) => request.socket.destroy();
    expect(await failure(api.interview(never))).toEqual({ kind: "unreachable", retryAfterMs: null });
  });

  it("passes on the caller's own abort as it is", async () => {
    const abort = new AbortController();
    answer = () => abort.abort(new Error("the page moved on"));
    await expect(api.interview(abort.signal)).rejects.toThrow("the page moved on");
  });
});
