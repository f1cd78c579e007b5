import type { JoinInterview, JoinState } from "../src/api/types";
import { NEW_ROOM, type RoomState } from "../src/state/room";

export function interview(state: JoinState = "open", changes: Partial<JoinInterview> = {}): JoinInterview {
  return {
    title: "Platform Engineer",
    interviewerName: "Ada",
    language: "en-US",
    state,
    opensAt: null,
    expiresAt: null,
    consent: { text: "We keep a transcript.", version: "7", required: true, given: false },
    recording: false,
    questions: 4,
    durationSeconds: 1800,
    ...changes,
  };
}

export function agreed(state: JoinState = "ready"): JoinInterview {
  const view = interview(state);
  return { ...view, consent: { ...view.consent, given: true } };
}

export function roomState(changes: Partial<RoomState> = {}): RoomState {
  return { ...NEW_ROOM, ...changes };
}
