import { logger, LogLevel, type BotOutputData, type RTVIEventCallbacks, type RTVIMessage } from "@pipecat-ai/client-js";
import type { RoomListener } from "./room";
import { readServerMessage } from "./messages";

// By default it logs every message, and so what was said.
logger.setLevel(LogLevel.WARN);

/** RTVI's callbacks, in the room's own words. Connecting, losing and ending are each transport's own matter. */
export function conversation(listener: RoomListener, onEnded: (reason: string) => void): RTVIEventCallbacks {
  return {
    onUserTranscript: (data) => listener.onCaption({ type: "heard", text: data.text, final: data.final }),
    onBotOutput: (data) =>
      listener.onCaption({
        type: "said",
        text: data.text,
        segment: data.segment_id ?? null,
        done: wasSpoken(data),
      }),
    onBotStartedSpeaking: () => listener.onSpeaking("interviewer", true),
    onBotStoppedSpeaking: () => listener.onSpeaking("interviewer", false),
    onUserStartedSpeaking: () => listener.onSpeaking("candidate", true),
    onUserStoppedSpeaking: () => listener.onSpeaking("candidate", false),
    onServerMessage: (data: unknown) => {
      const message = readServerMessage(data);
      if (message?.kind === "progress") listener.onProgress({ ...message.progress, at: Date.now() });
      if (message?.kind === "recording") listener.onRecording(message.on);
      if (message?.kind === "ended") onEnded(message.reason);
    },
  };
}

/**
 * Whether the text has been said. Services with word times report it by `spoken_status`; a speech-to-speech service
 * sends the text twice, and only the older `spoken` tells the second from the first.
 */
function wasSpoken(data: Omit<BotOutputData, "spoken"> & { spoken?: boolean }): boolean {
  return data.spoken_status === "completed" || data.spoken === true;
}

export function isFatal(message: RTVIMessage): boolean {
  return (message.data as { fatal?: unknown } | undefined)?.fatal === true;
}
