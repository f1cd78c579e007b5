import type { CaptionEvent, Speaker } from "../state/captions";
import type { Loss, Progress } from "../state/room";

/** What a room tells the page. Nothing comes after `onLost` or `onEnded`. */
export interface RoomListener {
  onLive(): void;
  onLost(loss: Loss): void;
  onEnded(reason: string): void;
  onProgress(progress: Progress): void;
  /** What is said from now on is recorded. */
  onRecording(on: boolean): void;
  onCaption(caption: CaptionEvent): void;
  onSpeaking(speaker: Speaker, speaking: boolean): void;
}

/** A connection to the interviewer. It follows the microphone: another stream, and whether it is muted. */
export interface Room {
  /** Loudness of the interviewer now, 0 to 1; what the candidate's animation shows. */
  interviewerLevel(): number;
  /** Ends the connection. `forGood`: the candidate leaves, and the bot need not wait for a return. */
  leave(forGood: boolean): Promise<void>;
}
