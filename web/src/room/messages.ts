import type { Progress } from "../state/room";

/** What the bot tells the page beside RTVI's own messages. */
export type ServerMessage =
  | { readonly kind: "progress"; readonly progress: Omit<Progress, "at"> }
  | { readonly kind: "recording"; readonly on: boolean }
  | { readonly kind: "ended"; readonly reason: string };

/** Reads a server message; null for one that this page does not know (a newer bot may send more). */
export function readServerMessage(data: unknown): ServerMessage | null {
  if (typeof data !== "object" || data === null) return null;
  const message = data as Record<string, unknown>;
  if (message.kind === "ended") {
    return { kind: "ended", reason: typeof message.reason === "string" ? message.reason : "" };
  }
  if (message.kind === "recording" && typeof message.on === "boolean") return { kind: "recording", on: message.on };
  const { question, total, secondsLeft } = message;
  if (message.kind === "progress" && isCount(question) && isCount(total) && typeof secondsLeft === "number") {
    return { kind: "progress", progress: { question, total, secondsLeft: Math.max(0, secondsLeft) } };
  }
  return null;
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= 0;
}

/** WebSocket close codes of the bot and of the API's relay (parley_bot.server.socket.CloseCode). */
const LOSSES: Readonly<Record<number, "ticket" | "occupied" | "takenOver">> = {
  4401: "ticket",
  4409: "occupied",
  4410: "takenOver",
};

/** What the close of a WebSocket means. */
export function lossOf(code: number): "ticket" | "occupied" | "takenOver" | "dropped" {
  return LOSSES[code] ?? "dropped";
}

const OVER = 1000;
/** FinishReason of the bot's protocol; a refusal's reason is a sentence. */
const REASON = /^[A-Z][A-Za-z]+$/;

/** Why the interview is over, where the close says so; null for any other close. */
export function endOf(code: number, reason: string): string | null {
  return code === OVER && REASON.test(reason) ? reason : null;
}
