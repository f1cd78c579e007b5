import { describe, expect, it } from "vitest";
import { failureOf, type Failure } from "../src/api/problem";

const cases: [string, number, string, Failure, (string | undefined)?, string?][] = [
  ["a forged link", 401, "link-invalid", { kind: "refused", why: "invalid" }],
  ["a revoked link", 410, "link-revoked", { kind: "refused", why: "revoked" }],
  ["an interview that is finished", 410, "interview-over", { kind: "over" }, undefined, "finished"],
  ["an interview that is expired", 410, "interview-over", { kind: "refused", why: "expired" }, undefined, "expired"],
  ["an interview that is gone", 410, "interview-over", { kind: "over" }],
  ["a bot on its way", 409, "not-ready", { kind: "notReady", retryAfterMs: 3000, queued: false }, "3"],
  ["a bot on its way, without a time", 409, "not-ready", { kind: "notReady", retryAfterMs: 2000, queued: false }],
  ["a queue", 409, "not-ready", { kind: "notReady", retryAfterMs: 5000, queued: true }, "5", "queued"],
  ["a second tab", 409, "already-joined", { kind: "elsewhere" }],
  ["a changed consent", 409, "consent-changed", { kind: "changed" }],
  ["an interview not yet open", 403, "not-yet-open", { kind: "changed" }],
  ["throttling", 429, "too-many-requests", { kind: "unreachable", retryAfterMs: 10_000 }, "10"],
  ["a fault", 500, "internal", { kind: "unreachable", retryAfterMs: null }],
  ["a proxy's page", 502, "", { kind: "unreachable", retryAfterMs: null }, "soon"],
  ["no token", 401, "unauthenticated", { kind: "refused", why: "invalid" }],
  ["an ingress without a backend", 404, "", { kind: "unreachable", retryAfterMs: null }],
  ["a clash of two writes", 409, "conflict", { kind: "unreachable", retryAfterMs: null }],
];

describe("failureOf", () => {
  it.each(cases)("understands %s", (_name, status, slug, failure, retryAfter, state) => {
    expect(failureOf({ status, slug, detail: "", ...(state ? { state } : {}) }, retryAfter ?? null)).toEqual(failure);
  });
});
