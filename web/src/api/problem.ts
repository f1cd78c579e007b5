/** RFC 9457 problem details, as far as the pages act on them. */
export interface Problem {
  readonly status: number;
  /** Last part of `type`: https://parley.dev/problems/<slug>. Empty when the answer was no problem document. */
  readonly slug: string;
  readonly detail: string;
  /** What became of the interview, with `interview-over`. */
  readonly state?: string;
}

/** Why the link opens nothing. */
export type Refusal = "missing" | "invalid" | "revoked" | "expired" | "cancelled" | "failed";

/** What a failed request means to the page. */
export type Failure =
  /** This page failed, not the network: it is in the browser's console. */
  | { readonly kind: "fault" }
  /** The network, or the API's own trouble: the same request may succeed later. */
  | { readonly kind: "unreachable"; readonly retryAfterMs: number | null }
  | { readonly kind: "refused"; readonly why: Refusal }
  /** The interview is finished, or no longer there. */
  | { readonly kind: "over" }
  /** The interviewer is not in the room yet. */
  | { readonly kind: "notReady"; readonly retryAfterMs: number; readonly queued: boolean }
  /** Another tab holds the room, and the interview keeps the first. */
  | { readonly kind: "elsewhere" }
  /** The interview is not where the page believes it is: read it again. */
  | { readonly kind: "changed" };

const DEFAULT_RETRY_MS = 2000;

const REFUSALS: Readonly<Record<string, Refusal>> = {
  "link-invalid": "invalid",
  "link-revoked": "revoked",
  "link-expired": "expired",
  unauthenticated: "invalid",
  "not-found": "invalid",
};

/** Translates an answer that is not 2xx. The slug decides where it is known, the status otherwise. */
export function failureOf(problem: Problem, retryAfter: string | null): Failure {
  const refusal = REFUSALS[problem.slug];
  if (refusal !== undefined) return { kind: "refused", why: refusal };
  const retryAfterMs = parseRetryAfter(retryAfter);
  switch (problem.slug) {
    case "not-ready":
      return {
        kind: "notReady",
        retryAfterMs: retryAfterMs ?? DEFAULT_RETRY_MS,
        queued: problem.state === "queued",
      };
    case "already-joined":
      return { kind: "elsewhere" };
    case "interview-over":
      return over(problem.state);
    default:
      break;
  }
  // Somebody else's answer, such as an ingress without a backend; a throttle; a clash of two writes; or a fault.
  const passes = problem.slug === "" || problem.slug === "conflict" || problem.status === 429 || problem.status >= 500;
  return passes ? { kind: "unreachable", retryAfterMs } : { kind: "changed" };
}

function over(state: string | undefined): Failure {
  if (state === "expired" || state === "cancelled" || state === "failed") return { kind: "refused", why: state };
  return { kind: "over" };
}

function parseRetryAfter(value: string | null): number | null {
  if (value === null) return null;
  const seconds = Number(value);
  return Number.isFinite(seconds) && seconds >= 0 ? seconds * 1000 : null;
}
