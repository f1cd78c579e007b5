import { describe, expect, it } from "vitest";
import { delayOf, pause } from "../src/state/delay";

describe("delayOf", () => {
  it("doubles with each failure, with chance, up to a limit", () => {
    const least = [1, 2, 3, 10].map((count) => delayOf({ after: "failures", count }, 0, 0));
    const most = [1, 2, 3, 10].map((count) => delayOf({ after: "failures", count }, 0, 0.999_999));
    expect(least).toEqual([250, 500, 1000, 7500]);
    expect(most.map(Math.round)).toEqual([500, 1000, 2000, 15_000]);
  });

  it("waits for a time, a minute at most and never less than a second", () => {
    const now = Date.parse("2026-11-24T09:00:00Z");
    expect(delayOf({ after: "time", at: "2026-11-24T09:00:20Z" }, now, 0)).toBe(20_000);
    expect(delayOf({ after: "time", at: "2026-11-25T09:00:00Z" }, now, 0)).toBe(60_000);
    expect(delayOf({ after: "time", at: "2026-11-24T08:00:00Z" }, now, 0)).toBe(1000);
    const spread = delayOf({ after: "time", at: "2026-11-24T09:00:20Z" }, now, 0.5);
    expect(spread, "not all at the same moment").toBe(22_500);
  });

  it("does what it was asked, a little later, and never more than a minute and a quarter", () => {
    expect(delayOf({ after: "ms", ms: 4000 }, 0, 0)).toBe(4000);
    expect(delayOf({ after: "ms", ms: 4000 }, 0, 0.5)).toBe(4500);
    expect(delayOf({ after: "ms", ms: 2 ** 40 }, 0, 0), "a longer timer would fire at once").toBe(60_000);
  });
});

describe("pause", () => {
  it("ends at once when it is aborted", async () => {
    const abort = new AbortController();
    const waiting = pause(60_000, abort.signal);
    abort.abort(new Error("gone"));
    await expect(waiting).rejects.toThrow("gone");
    await expect(pause(0, abort.signal)).rejects.toThrow("gone");
  });
});
