import type { Progress } from "../state/room";

/** What the bot tells the page beside RTVI's own messages. */
export type ServerMessage =
  | { readonly kind: "progress"; readonly progress: Omit<Progress, "at"> }
  | { readonly kind: "ended"; readonly reason: string };

/** Reads a server message; null for one that this page does not know (a newer bot may send more). */
export function readServerMessage(data: unknown): ServerMessage | null {
  if (typeof data !== "object" || data === null) return null;
  const message = data as Record<string, unknown>;
  if (message.kind === "ended") {
    return { kind: "ended", reason: typeof message.reason === "string" ? message.reason : "" };
  }
  const { question, total, secondsLeft } = message;
  if (message.kind === "progress" && isCount(question) && isCount(total) && typeof secondsLeft === "number") {
    return { kind: "progress", progress: { question, total, secondsLeft: Math.max(0, secondsLeft) } };
  }
  return null;
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= 0;
}

/** WebSocket close codes of the bot's and the relay's own (4000 to 4999). */
const TICKET_REFUSED = new Set([4401, 4403]);
const TAKEN_OVER = 4409;

/** The close code in the text of pipecat's fatal error; its transport passes it on in no other way. */
export function closeCode(error: string): number | null {
  const match = /Code: (\d{4})/.exec(error) ?? /connection error \((\d{4})\)/.exec(error);
  return match ? Number(match[1]) : null;
}

export function lossOf(code: number | null): "takenOver" | "ticket" | "dropped" {
  if (code === TAKEN_OVER) return "takenOver";
  return code !== null && TICKET_REFUSED.has(code) ? "ticket" : "dropped";
}
