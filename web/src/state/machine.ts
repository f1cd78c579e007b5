/**
 * The page as a pure function of what happened: `reduce` says where the candidate is, `workOf` what has to be done
 * there. The shell (useJoin) does that work and reports back by events; it decides nothing.
 */
import type { Failure, Refusal } from "../api/problem";
import type { JoinInterview } from "../api/types";
import { heldElsewhere, NEW_ROOM, reduceRoom, type RoomEvent, type RoomState } from "./room";

export type State =
  /** `changed`: it is read again because what the candidate agreed to was no longer what is asked. */
  | { readonly page: "opening"; readonly changed: boolean }
  | ({ readonly page: "unreachable"; readonly fault: boolean; readonly asked: number } & Asking)
  | { readonly page: "refused"; readonly why: Refusal }
  | ({ readonly page: "waiting"; readonly interview: JoinInterview; readonly reads: number } & Asking)
  | {
      readonly page: "welcome";
      readonly interview: JoinInterview;
      readonly sending: boolean;
      readonly trouble: "failed" | "changed" | null;
    }
  | ({ readonly page: "check"; readonly interview: JoinInterview; readonly reads: number } & Asking)
  | { readonly page: "room"; readonly interview: JoinInterview; readonly room: RoomState }
  | { readonly page: "elsewhere"; readonly interview: JoinInterview; readonly refused: boolean }
  | ({ readonly page: "left"; readonly interview: JoinInterview; readonly reads: number } & Asking)
  | { readonly page: "over"; readonly title: string | null; readonly reason: string | null };

/** How asking the API goes. */
interface Asking {
  /** Questions in a row that failed. */
  readonly tries: number;
  /** How long the API asked to be left alone (ms). */
  readonly retryAfterMs: number | null;
}

export type Event =
  | RoomEvent
  | { readonly type: "linkMissing" }
  | { readonly type: "linkMalformed" }
  | { readonly type: "loaded"; readonly interview: JoinInterview }
  | { readonly type: "failed"; readonly failure: Failure }
  | { readonly type: "retry" }
  | { readonly type: "agree" }
  | { readonly type: "decline" }
  | { readonly type: "agreed" }
  | { readonly type: "join" }
  | { readonly type: "leave" }
  | { readonly type: "room.ended"; readonly reason: string };

/** What the shell has to do. A new `key` ends the former work and starts this one. */
export type Work =
  | { readonly key: string; readonly do: "load"; readonly when: When }
  | { readonly key: string; readonly do: "consent"; readonly version: string }
  | { readonly key: string; readonly do: "connect"; readonly when: When };

export type When =
  | { readonly after: "now" }
  | { readonly after: "ms"; readonly ms: number }
  /** Grows with each failure, with chance in it, so that many browsers don't come back at the same moment. */
  | { readonly after: "failures"; readonly count: number }
  | { readonly after: "time"; readonly at: string };

/** Where the candidate is, and in which language: the interview's, once it was read, also on pages that it is gone from. */
export interface Visit {
  readonly state: State;
  readonly language: string | null;
}

export const START: State = { page: "opening", changed: false };

const WELL: Asking = { tries: 0, retryAfterMs: null };

/** How often the page asks whether the interviewer is there (ms). */
const POLL_MS = 3000;
/** How often a page of the past asks whether the interview is over (ms). */
const SLOW_POLL_MS = 15_000;
/** A page that nobody waits at begins with the pause after so many failures (about 4 s) rather than at once. */
const PACED = 3;

export const ARRIVAL: Visit = { state: START, language: null };

export function follow({ state, language }: Visit, event: Event): Visit {
  return {
    state: reduce(state, event),
    language: event.type === "loaded" ? event.interview.language : language,
  };
}

export function reduce(state: State, event: Event): State {
  switch (event.type) {
    case "linkMissing":
      return { page: "refused", why: "missing" };
    case "linkMalformed":
      return { page: "refused", why: "invalid" };
    case "loaded":
      return loaded(state, event.interview);
    case "failed":
      return failed(state, event.failure);
    case "retry":
      // The page stays while it is tried, and with it the focus.
      return state.page === "unreachable" ? { ...state, retryAfterMs: 0, asked: state.asked + 1 } : START;
    case "agree":
      return state.page === "welcome" ? { ...state, sending: true, trouble: null } : state;
    case "decline":
      // Who comes in without having agreed is not recorded.
      return state.page === "welcome" && !state.interview.consent.required
        ? { page: "check", interview: state.interview, reads: 0, ...WELL }
        : state;
    case "agreed":
      return state.page === "welcome" ? agreed(state.interview) : state;
    case "join":
      return "interview" in state ? { page: "room", interview: state.interview, room: NEW_ROOM } : state;
    case "leave":
      return state.page === "room" ? { page: "left", interview: state.interview, reads: 0, ...WELL } : state;
    case "room.ended":
      return { page: "over", title: titleOf(state), reason: event.reason };
    default:
      return inRoom(state, event);
  }
}

function inRoom(state: State, event: RoomEvent): State {
  if (state.page !== "room") return state;
  if (event.type === "room.lost") {
    if (event.loss === "takenOver") return { page: "elsewhere", interview: state.interview, refused: false };
    // Once may be a ticket that was used before.
    if (event.loss === "occupied" && heldElsewhere(state.room)) {
      return { page: "elsewhere", interview: state.interview, refused: true };
    }
  }
  return { ...state, room: reduceRoom(state.room, event) };
}

function agreed(interview: JoinInterview): State {
  return { page: "check", interview: { ...interview, consent: { ...interview.consent, given: true } }, reads: 0, ...WELL };
}

/** The page that an interview's state calls for. In the room and on the way out, only its end moves the candidate. */
function loaded(state: State, interview: JoinInterview): State {
  switch (interview.state) {
    case "finished":
      return { page: "over", title: interview.title, reason: state.page === "left" ? "CandidateLeft" : null };
    case "expired":
    case "cancelled":
    case "failed":
      return { page: "refused", why: interview.state };
    default:
      break;
  }
  if (state.page === "room") return { ...state, interview };
  if (state.page === "left" || state.page === "check") return { ...state, ...WELL, interview, reads: state.reads + 1 };
  if (interview.state === "scheduled") {
    return { page: "waiting", interview, reads: state.page === "waiting" ? state.reads + 1 : 0, ...WELL };
  }
  if (interview.consent.given) return { page: "check", interview, reads: 0, ...WELL };
  const changed = state.page === "opening" && state.changed;
  return { page: "welcome", interview, sending: false, trouble: changed ? "changed" : null };
}

function failed(state: State, failure: Failure): State {
  if (failure.kind === "refused") return { page: "refused", why: failure.why };
  if (failure.kind === "over") return { page: "over", title: titleOf(state), reason: null };
  switch (state.page) {
    case "room":
      return failedInRoom(state, failure);
    case "welcome":
      return failure.kind === "changed"
        ? { page: "opening", changed: true }
        : { ...state, sending: false, trouble: "failed" };
    case "waiting":
    case "check":
    case "left":
      // What is on the page stays usable; it asks again, later with each failure.
      return failure.kind === "changed" ? START : { ...state, reads: state.reads + 1, ...onceMore(state, failure) };
    default:
      return {
        page: "unreachable",
        fault: failure.kind === "fault",
        asked: state.page === "unreachable" ? state.asked : 0,
        ...onceMore(state.page === "unreachable" ? state : WELL, failure),
      };
  }
}

function onceMore({ tries }: Asking, failure: Failure): Asking {
  return { tries: tries + 1, retryAfterMs: failure.kind === "unreachable" ? failure.retryAfterMs : null };
}

function failedInRoom(state: State & { page: "room" }, failure: Failure): State {
  switch (failure.kind) {
    case "notReady":
      return inRoom(state, { type: "room.notReady", retryAfterMs: failure.retryAfterMs, queued: failure.queued });
    case "unreachable":
      return inRoom(state, { type: "room.lost", loss: "dropped", retryAfterMs: failure.retryAfterMs });
    case "elsewhere":
      // No ticket was used, so for a page that was never in it, once is enough.
      return inRoom(state.room.joined ? state : { ...state, room: { ...state.room, refusals: 1 } }, OCCUPIED);
    case "fault":
      return inRoom(state, { type: "room.lost", loss: "fault" });
    default:
      return START;
  }
}

const OCCUPIED = { type: "room.lost", loss: "occupied" } as const;

function titleOf(state: State): string | null {
  return "interview" in state ? state.interview.title : null;
}

export function workOf(state: State): Work | null {
  switch (state.page) {
    case "opening":
      return { key: "load", do: "load", when: { after: "now" } };
    case "unreachable":
      return { key: `load:${state.tries}:${state.asked}`, do: "load", when: whenOf(state.tries, state.retryAfterMs) };
    case "waiting":
      return { key: `wait:${state.reads}`, do: "load", when: paced(state, opening(state.interview)) };
    case "welcome":
      return state.sending ? { key: "consent", do: "consent", version: state.interview.consent.version } : null;
    case "check":
      return { key: `check:${state.reads}`, do: "load", when: paced(state, { after: "ms", ms: POLL_MS }) };
    case "left":
      return { key: `left:${state.reads}`, do: "load", when: paced(state, { after: "ms", ms: SLOW_POLL_MS }) };
    case "room":
      return connection(state.room);
    default:
      return null;
  }
}

function connection(room: RoomState): Work | null {
  if (room.phase === "blocked") return null;
  return { key: `room:${room.entry}`, do: "connect", when: whenOf(room.tries, room.waitMs) };
}

function whenOf(failures: number, waitMs: number | null): When {
  if (waitMs !== null) return { after: "ms", ms: waitMs };
  return failures === 0 ? { after: "now" } : { after: "failures", count: failures };
}

/** The page's own pace while the API answers. */
function paced({ tries, retryAfterMs }: Asking, pace: When): When {
  return tries === 0 ? pace : whenOf(tries + PACED, retryAfterMs);
}

function opening(interview: JoinInterview): When {
  return interview.opensAt ? { after: "time", at: interview.opensAt } : { after: "ms", ms: SLOW_POLL_MS };
}
