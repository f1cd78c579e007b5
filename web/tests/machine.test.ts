import { describe, expect, it } from "vitest";
import type { Failure } from "../src/api/problem";
import { reduce, START, workOf, type Event, type State } from "../src/state/machine";
import { agreed, interview } from "./interview";

const after = (...events: Event[]): State => events.reduce(reduce, START);
const unreachable: Failure = { kind: "unreachable", retryAfterMs: null };
const inRoom = (...events: Event[]): State => after({ type: "loaded", interview: agreed() }, { type: "join" }, ...events);
const live: Event = { type: "room.live" };
const lost = (loss: "dropped" | "ticket" | "occupied" | "takenOver" | "dailyCode" | "microphone"): Event => ({
  type: "room.lost",
  loss,
});

describe("the way in", () => {
  it("begins by reading the interview", () => {
    expect(workOf(START)).toEqual({ key: "load", do: "load", when: { after: "now" } });
  });

  it.each([
    ["open", "welcome"],
    ["preparing", "welcome"],
    ["scheduled", "waiting"],
    ["finished", "over"],
  ] as const)("shows for a %s interview the page %s", (state, page) => {
    expect(after({ type: "loaded", interview: interview(state) }).page).toBe(page);
  });

  it.each(["expired", "cancelled", "failed"] as const)("says that the interview is %s", (state) => {
    expect(after({ type: "loaded", interview: interview(state) })).toEqual({ page: "refused", why: state });
  });

  it("goes to the device check where the consent was given before", () => {
    expect(after({ type: "loaded", interview: agreed("in_progress") }).page).toBe("check");
  });

  it("posts the consent that was read, once", () => {
    const sending = after({ type: "loaded", interview: interview() }, { type: "agree" });
    expect(workOf(sending)).toEqual({ key: "consent", do: "consent", version: "7" });
    const checked = reduce(sending, { type: "agreed" });
    expect(checked).toMatchObject({ page: "check", interview: { consent: { given: true } } });
  });

  it("lets nobody pass a consent that is required, and asks the API for none that is declined", () => {
    const asked = interview("ready", { recording: true });
    expect(after({ type: "loaded", interview: asked }, { type: "decline" }).page).toBe("welcome");
    const free = { ...asked, consent: { ...asked.consent, required: false } };
    const declined = after({ type: "loaded", interview: free }, { type: "decline" });
    expect(declined).toMatchObject({ page: "check", interview: { consent: { given: false } } });
    expect(workOf(declined)).not.toMatchObject({ do: "consent" });
  });

  it("shows a recording until it ends, or the connection that is recorded", () => {
    const recorded = inRoom({ type: "room.live" }, { type: "room.recording", on: true });
    expect(recorded).toMatchObject({ room: { recording: true } });
    expect(reduce(recorded, { type: "room.recording", on: false })).toMatchObject({ room: { recording: false } });
    expect(reduce(recorded, { type: "room.lost", loss: "dropped" })).toMatchObject({ room: { recording: false } });
  });

  it("lets the candidate agree again when the consent did not go through", () => {
    const failed = after({ type: "loaded", interview: interview() }, { type: "agree" }, { type: "failed", failure: unreachable });
    expect(failed).toMatchObject({ page: "welcome", sending: false, trouble: "failed" });
    expect(workOf(failed)).toBeNull();
  });

  it("reads the interview again when the consent's text has changed, and says so", () => {
    const changed = after({ type: "loaded", interview: interview() }, { type: "agree" }, { type: "failed", failure: { kind: "changed" } });
    expect(workOf(changed)).toMatchObject({ do: "load", when: { after: "now" } });
    expect(reduce(changed, { type: "loaded", interview: interview() })).toMatchObject({ page: "welcome", trouble: "changed" });
  });

  it("stops at a link that opens nothing", () => {
    for (const event of [{ type: "linkMissing" }, { type: "linkMalformed" }] as const) {
      expect(after(event).page).toBe("refused");
    }
    const revoked = after({ type: "failed", failure: { kind: "refused", why: "revoked" } });
    expect(revoked).toEqual({ page: "refused", why: "revoked" });
    expect(workOf(revoked)).toBeNull();
  });

  it("goes on by itself when an early interview opens", () => {
    const opensAt = "2026-11-24T09:00:00Z";
    const early = after({ type: "loaded", interview: interview("scheduled", { opensAt }) });
    expect(workOf(early)).toMatchObject({ do: "load", when: { after: "time", at: opensAt } });
    const still = reduce(early, { type: "loaded", interview: interview("scheduled", { opensAt }) });
    expect(workOf(still)?.key).not.toBe(workOf(early)?.key);
    expect(reduce(still, { type: "loaded", interview: interview("open") }).page).toBe("welcome");
  });

});

describe("an API that is away", () => {
  it("keeps trying, slower and slower, while the API is away", () => {
    const once = after({ type: "failed", failure: unreachable });
    const twice = reduce(once, { type: "failed", failure: unreachable });
    expect(workOf(once)).toMatchObject({ do: "load", when: { after: "failures", count: 1 } });
    expect(workOf(twice)).toMatchObject({ do: "load", when: { after: "failures", count: 2 } });
    expect(reduce(twice, { type: "loaded", interview: interview() }).page).toBe("welcome");
  });

  it("tries at once when asked to, without leaving the page", () => {
    const twice = after({ type: "failed", failure: unreachable }, { type: "failed", failure: unreachable });
    const asked = reduce(twice, { type: "retry" });
    expect(asked).toMatchObject({ page: "unreachable", tries: 2 });
    expect(workOf(asked)).toMatchObject({ when: { after: "ms", ms: 0 } });
    expect(new Set([twice, asked, reduce(asked, { type: "retry" })].map((state) => workOf(state)?.key)).size).toBe(3);
  });

  it("does not blame the network for its own faults", () => {
    expect(after({ type: "failed", failure: { kind: "fault" } })).toMatchObject({ page: "unreachable", fault: true });
    const room = inRoom(live, lost("dropped"), { type: "failed", failure: { kind: "fault" } });
    expect(room).toMatchObject({ page: "room", room: { cause: "fault", tries: 2 } });
  });

  it("does what the API asks for when it is throttled", () => {
    const throttled = after({ type: "failed", failure: { kind: "unreachable", retryAfterMs: 30_000 } });
    expect(workOf(throttled)).toMatchObject({ when: { after: "ms", ms: 30_000 } });
  });

  it("asks while the devices are checked whether the interviewer is there", () => {
    const checking = after({ type: "loaded", interview: agreed("preparing") });
    const later = reduce(checking, { type: "loaded", interview: agreed("ready") });
    expect(later).toMatchObject({ page: "check", interview: { state: "ready" } });
    expect(workOf(later)?.key).not.toBe(workOf(checking)?.key);
    // A failed question changes nothing on the page, and is asked again.
    const failed = reduce(later, { type: "failed", failure: unreachable });
    expect(failed).toMatchObject({ page: "check", reads: 2 });
    expect(workOf(failed)).toMatchObject({ when: { after: "failures", count: 4 } });
    const throttled = reduce(failed, { type: "failed", failure: { kind: "unreachable", retryAfterMs: 9000 } });
    expect(workOf(throttled)).toMatchObject({ when: { after: "ms", ms: 9000 } });
    expect(workOf(reduce(throttled, { type: "loaded", interview: agreed() }))).toMatchObject({ when: { after: "ms", ms: 3000 } });
  });
});

describe("the room", () => {
  it("connects at once, and waits as long as the API says while the bot is on its way", () => {
    expect(workOf(inRoom())).toEqual({ key: "room:1", do: "connect", when: { after: "now" } });
    const notReady = inRoom({ type: "failed", failure: { kind: "notReady", retryAfterMs: 1000, queued: false } });
    expect(notReady).toMatchObject({ room: { phase: "preparing", tries: 0 } });
    expect(workOf(notReady)).toEqual({ key: "room:2", do: "connect", when: { after: "ms", ms: 1000 } });
  });

  it("says that it is in the queue for as long as the API does", () => {
    const queued = inRoom({ type: "failed", failure: { kind: "notReady", retryAfterMs: 5000, queued: true } });
    expect(queued).toMatchObject({ room: { phase: "preparing", queued: true } });
    const next = reduce(queued, { type: "failed", failure: { kind: "notReady", retryAfterMs: 1000, queued: false } });
    expect(next).toMatchObject({ room: { phase: "preparing", queued: false } });
  });

  it("keeps one connection from the asking to the end", () => {
    const keys = [inRoom(), inRoom({ type: "room.connecting" }), inRoom({ type: "room.connecting" }, live)].map((state) => workOf(state)?.key);
    expect(new Set(keys).size).toBe(1);
  });

  it("hears nothing of a room that it has left", () => {
    const left = inRoom(live, { type: "leave" });
    expect(reduce(left, lost("dropped"))).toBe(left);
  });

  it.each<[Event, string | null]>([
    [{ type: "room.ended", reason: "Completed" }, "Completed"],
    [{ type: "failed", failure: { kind: "over" } }, null],
  ])("ends with a thank you: %o", (event, reason) => {
    expect(inRoom(live, event)).toEqual({ page: "over", title: "Platform Engineer", reason });
  });
});

describe("a lost connection", () => {
  it("reconnects when the connection drops, and keeps what was said", () => {
    const said: Event = { type: "room.caption", caption: { type: "said", text: "Hello.", segment: 1, done: true } };
    const dropped = inRoom(live, said, lost("dropped"));
    expect(dropped).toMatchObject({ room: { phase: "reconnecting", tries: 1, entry: 2 } });
    expect(workOf(dropped)).toEqual({ key: "room:2", do: "connect", when: { after: "failures", count: 1 } });
    const back = reduce(dropped, live);
    expect(back).toMatchObject({ room: { phase: "live", tries: 0, captions: { lines: [{ text: "Hello." }] } } });
  });

  it("takes a new ticket at once, and slows down when that fails too", () => {
    expect(workOf(inRoom(lost("ticket")))).toMatchObject({ when: { after: "ms", ms: 0 } });
    expect(workOf(inRoom(lost("ticket"), lost("ticket")))).toMatchObject({ when: { after: "failures", count: 2 } });
  });

  it("tells a used ticket from a room that another tab holds", () => {
    expect(inRoom(lost("occupied"))).toMatchObject({ page: "room", room: { tries: 1 } });
    expect(inRoom(lost("occupied"), lost("occupied"))).toMatchObject({ page: "elsewhere", refused: true });
  });

  it.each<[string, Event]>([
    ["the bot", lost("occupied")],
    ["Daily", { type: "failed", failure: { kind: "elsewhere" } }],
  ])("takes what is left of its own lost connection, as %s reports it, for another tab only after a while", (_who, held) => {
    const back = inRoom(live, lost("dropped"), held, held, held);
    expect(back).toMatchObject({ page: "room", room: { phase: "reconnecting" } });
    expect(workOf(back)).toMatchObject({ when: { after: "failures" } });
    const long = Array.from({ length: 8 }, () => held).reduce(reduce, back);
    expect(long).toMatchObject({ page: "elsewhere", refused: true });
    expect(inRoom({ type: "failed", failure: { kind: "elsewhere" } })).toMatchObject({ page: "elsewhere" });
  });

  it("says why it is not connected, and nothing of the network while the interviewer is replaced", () => {
    const dropped = inRoom(live, lost("dropped"));
    expect(dropped).toMatchObject({ room: { cause: "dropped" } });
    const replaced = reduce(dropped, { type: "failed", failure: { kind: "notReady", retryAfterMs: 1000, queued: false } });
    expect(replaced).toMatchObject({ room: { cause: null } });
  });

  it("does not fight a second tab for the room", () => {
    const taken = inRoom(live, lost("takenOver"));
    expect(taken).toMatchObject({ page: "elsewhere", refused: false });
    expect(workOf(taken)).toBeNull();
    expect(reduce(taken, { type: "retry" })).toEqual(START);
  });

  it.each(["dailyCode", "microphone"] as const)("waits for the candidate when blocked by %s", (block) => {
    const blocked = inRoom(lost(block));
    expect(blocked).toMatchObject({ room: { phase: "blocked", block } });
    expect(workOf(blocked)).toBeNull();
    expect(workOf(reduce(blocked, { type: "room.retry" }))).toMatchObject({ do: "connect", when: { after: "ms", ms: 0 } });
  });

  it("reads the interview again when the API says that it is elsewhere than believed", () => {
    expect(inRoom(live, lost("dropped"), { type: "failed", failure: { kind: "changed" } })).toEqual(START);
  });

  it("leaves when asked to, and may go back until the interview is over", () => {
    const left = inRoom(live, { type: "leave" });
    expect(left.page).toBe("left");
    expect(workOf(left)).toMatchObject({ do: "load" });
    expect(reduce(left, { type: "loaded", interview: agreed("finished") })).toMatchObject({ page: "over", reason: "CandidateLeft" });
    expect(reduce(left, { type: "retry" })).toEqual(START);
  });

  it("forgets who was speaking when the connection goes", () => {
    const speaking: Event = { type: "room.speaking", speaker: "interviewer", speaking: true };
    expect(inRoom(live, speaking)).toMatchObject({ room: { speaking: { interviewer: true } } });
    expect(inRoom(live, speaking, lost("dropped"))).toMatchObject({ room: { speaking: { interviewer: false } } });
  });
});
