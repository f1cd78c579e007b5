import { addCaption, closeLines, NO_CAPTIONS, type CaptionEvent, type Captions, type Speaker } from "./captions";

/** Where in the plan the interview is. `at` is the local clock (ms) when the room said so. */
export interface Progress {
  readonly question: number;
  readonly total: number;
  readonly secondsLeft: number;
  readonly at: number;
}

/** Why a connection ended or could not be made. */
export type Loss =
  /** The network, the relay or the bot went away: connect again. */
  | "dropped"
  /** The ticket was too old, or for a former bot: a new one is needed at once. */
  | "ticket"
  /** The ticket was used before, or another tab holds the room. */
  | "occupied"
  | "takenOver"
  /** Daily's own code could not be loaded from its servers. */
  | "dailyCode"
  | "microphone"
  /** This page or this browser could not do its part. */
  | "fault";

/** What stands in the way until the candidate acts. */
export type Block = "dailyCode" | "microphone";

export type RoomPhase = "preparing" | "connecting" | "live" | "reconnecting" | "blocked";

export interface RoomState {
  readonly phase: RoomPhase;
  readonly block: Block | null;
  /** Number of the connection: each is a piece of work of its own. */
  readonly entry: number;
  /** Connections in a row that failed, and why the last of them did; null while the interviewer is what is waited for. */
  readonly tries: number;
  readonly cause: Loss | null;
  /** How often in a row the room was held by somebody else. */
  readonly refusals: number;
  /** How long to wait before the next one, when the API said so (ms). */
  readonly waitMs: number | null;
  /** Whether every interviewer is busy, and this one's turn is still to come. */
  readonly queued: boolean;
  readonly joined: boolean;
  readonly progress: Progress | null;
  /** Whether the connection of now is recorded. */
  readonly recording: boolean;
  readonly captions: Captions;
  readonly speaking: Readonly<Record<Speaker, boolean>>;
}

export type RoomEvent =
  | { readonly type: "room.connecting" }
  | { readonly type: "room.live" }
  | { readonly type: "room.notReady"; readonly retryAfterMs: number; readonly queued: boolean }
  | { readonly type: "room.lost"; readonly loss: Loss; readonly retryAfterMs?: number | null }
  | { readonly type: "room.progress"; readonly progress: Progress }
  | { readonly type: "room.recording"; readonly on: boolean }
  | { readonly type: "room.caption"; readonly caption: CaptionEvent }
  | { readonly type: "room.speaking"; readonly speaker: Speaker; readonly speaking: boolean }
  | { readonly type: "room.retry" };

const SILENT = { interviewer: false, candidate: false };

export const NEW_ROOM: RoomState = {
  phase: "preparing",
  block: null,
  entry: 1,
  tries: 0,
  cause: null,
  refusals: 0,
  waitMs: null,
  queued: false,
  joined: false,
  progress: null,
  recording: false,
  captions: NO_CAPTIONS,
  speaking: SILENT,
};

export function reduceRoom(room: RoomState, event: RoomEvent): RoomState {
  switch (event.type) {
    case "room.connecting":
      return { ...room, phase: room.joined ? "reconnecting" : "connecting" };
    case "room.live":
      return { ...room, phase: "live", joined: true, tries: 0, cause: null, refusals: 0, waitMs: null, queued: false, block: null };
    case "room.notReady":
      return {
        ...again(room),
        phase: room.joined ? "reconnecting" : "preparing",
        cause: null,
        refusals: 0,
        waitMs: event.retryAfterMs,
        queued: event.queued,
      };
    case "room.lost":
      return lost(room, event.loss, event.retryAfterMs ?? null);
    case "room.progress":
      return { ...room, progress: event.progress };
    case "room.recording":
      return { ...room, recording: event.on };
    case "room.caption":
      return { ...room, captions: addCaption(room.captions, event.caption) };
    case "room.speaking":
      return { ...room, speaking: { ...room.speaking, [event.speaker]: event.speaking } };
    case "room.retry":
      return { ...again(room), phase: room.joined ? "reconnecting" : "preparing", block: null, waitMs: 0, tries: 0 };
  }
}

/**
 * Whether it is another tab or device that holds the room, and not what is left of this one's own lost connection,
 * which the bot takes for the candidate until it notices: within a minute, as the growing pauses add up.
 */
export function heldElsewhere(room: RoomState): boolean {
  return room.refusals >= (room.joined ? 10 : 1);
}

function lost(room: RoomState, loss: Loss, waitMs: number | null): RoomState {
  if (loss === "dailyCode" || loss === "microphone") return { ...room, phase: "blocked", block: loss, speaking: SILENT };
  const next = again(room);
  return {
    ...next,
    phase: room.joined ? "reconnecting" : "connecting",
    tries: room.tries + 1,
    cause: loss,
    refusals: loss === "occupied" ? room.refusals + 1 : 0,
    waitMs: (loss === "ticket" || loss === "occupied") && room.tries === 0 ? 0 : waitMs,
  };
}

function again(room: RoomState): RoomState {
  return { ...room, entry: room.entry + 1, recording: false, speaking: SILENT, captions: closeLines(room.captions) };
}
