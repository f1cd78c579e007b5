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

/** WebSocket close codes of the bot and of the API's relay (parley_bot.server.socket.CloseCode). */
const LOSSES: Readonly<Record<number, "ticket" | "occupied" | "takenOver">> = {
  4401: "ticket",
  4409: "occupied",
  4410: "takenOver",
};

/** What the close of a WebSocket means; null stands for one that never opened. */
export function lossOf(code: number | null): "ticket" | "occupied" | "takenOver" | "dropped" {
  return (code === null ? undefined : LOSSES[code]) ?? "dropped";
}
