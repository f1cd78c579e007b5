import { within } from "./deadline";
import { failureOf, type Failure, type Problem } from "./problem";
import type { Grant, JoinInterview } from "./types";

/** A request that did not succeed; `failure` says what it means to the page. */
export class ApiError extends Error {
  readonly failure: Failure;

  constructor(failure: Failure, message: string) {
    super(message);
    this.name = "ApiError";
    this.failure = failure;
  }
}

/** How long a request may take before the service counts as unreachable (ms). */
export const TIMEOUT_MS = 15_000;

/** What failed on the way: as likely the network as anything. */
export function unreachable(error: unknown): ApiError {
  return new ApiError({ kind: "unreachable", retryAfterMs: null }, String(error));
}

/** The candidate's side of the API: /join/v1, with the link's token as the bearer. */
export class JoinApi {
  constructor(
    private readonly apiUrl: string,
    private readonly token: string,
  ) {}

  interview(signal: AbortSignal): Promise<JoinInterview> {
    return this.request<JoinInterview>("GET", "interview", undefined, signal);
  }

  async consent(version: string, signal: AbortSignal): Promise<void> {
    await this.request<undefined>("POST", "consent", { version }, signal);
  }

  connect(signal: AbortSignal): Promise<Grant> {
    return this.request<Grant>("POST", "connect", undefined, signal);
  }

  private request<Answer>(method: string, path: string, body: unknown, signal: AbortSignal): Promise<Answer> {
    return within(TIMEOUT_MS, signal, (both) => this.answer<Answer>(method, path, body, both));
  }

  private async answer<Answer>(method: string, path: string, body: unknown, signal: AbortSignal): Promise<Answer> {
    const response = await this.send(method, path, body, signal);
    if (!response.ok) {
      const problem = await readProblem(response);
      throw new ApiError(failureOf(problem, response.headers.get("Retry-After")), problem.detail);
    }
    // The types are generated from the API's own description; its answers are trusted to fit it.
    if (response.status === 204) return undefined as Answer;
    try {
      return (await response.json()) as Answer;
    } catch (error) {
      // Cut off, or a proxy's page.
      throw unreachable(error);
    }
  }

  private async send(method: string, path: string, body: unknown, signal: AbortSignal): Promise<Response> {
    const headers = new Headers({ Authorization: `Bearer ${this.token}`, Accept: "application/json" });
    if (body !== undefined) headers.set("Content-Type", "application/json");
    const init: RequestInit = {
      method,
      headers,
      cache: "no-store",
      credentials: "omit",
      referrerPolicy: "no-referrer",
      signal,
    };
    if (body !== undefined) init.body = JSON.stringify(body);
    try {
      return await fetch(`${this.apiUrl}/join/v1/${path}`, init);
    } catch (error) {
      throw unreachable(error);
    }
  }
}

async function readProblem(response: Response): Promise<Problem> {
  const unknown: Problem = { status: response.status, slug: "", detail: response.statusText };
  if (!(response.headers.get("Content-Type") ?? "").includes("json")) return unknown;
  try {
    const body = (await response.json()) as { type?: unknown; detail?: unknown; state?: unknown };
    return {
      status: response.status,
      slug: typeof body.type === "string" ? (body.type.split("/").pop() ?? "") : "",
      detail: typeof body.detail === "string" ? body.detail : response.statusText,
      ...(typeof body.state === "string" ? { state: body.state } : {}),
    };
  } catch {
    // A proxy's page in place of the API's answer: the status alone decides.
    return unknown;
  }
}
