import { describe, expect, it } from "vitest";
import { endOf, lossOf, readServerMessage } from "../src/room/messages";

describe("readServerMessage", () => {
  it("reads progress and the end", () => {
    expect(readServerMessage({ kind: "progress", question: 2, total: 4, secondsLeft: -1 })).toEqual({
      kind: "progress",
      progress: { question: 2, total: 4, secondsLeft: 0 },
    });
    expect(readServerMessage({ kind: "recording", on: false })).toEqual({ kind: "recording", on: false });
    expect(readServerMessage({ kind: "recording" })).toBeNull();
    expect(readServerMessage({ kind: "ended", reason: "Silence" })).toEqual({ kind: "ended", reason: "Silence" });
  });

  it.each([null, "ended", {}, { kind: "news" }, { kind: "progress", question: "2", total: 4, secondsLeft: 1 }])(
    "passes over %o",
    (data) => {
      expect(readServerMessage(data)).toBeNull();
    },
  );
});

describe("lossOf", () => {
  it.each([
    [4401, "ticket"],
    [4409, "occupied"],
    [4410, "takenOver"],
    [4503, "dropped"],
    [1006, "dropped"],
    [1000, "dropped"],
  ] as const)("%s means %s", (code, loss) => {
    expect(lossOf(code)).toBe(loss);
  });
});

describe("endOf", () => {
  it.each([
    [1000, "Completed", "Completed"],
    [1000, "the interview is over", null],
    [1000, "", null],
    [1001, "Completed", null],
  ])("%s %s: %s", (code, reason, end) => {
    expect(endOf(code, reason)).toBe(end);
  });
});
