import { PipecatClient, type PipecatClientOptions, type RTVIMessage } from "@pipecat-ai/client-js";
import type { RoomListener } from "./room";

/** What pipecat's server says when the interviewer was cut short; the client of 1.13.1 has no callback for it. */
const INTERRUPTED = "bot-interrupted";

/** pipecat's client, which tells of an interruption, too, in whatever kind of room. */
export class CandidateClient extends PipecatClient {
  constructor(
    private readonly listener: RoomListener,
    options: PipecatClientOptions,
  ) {
    super(options);
  }

  protected override handleMessage(message: RTVIMessage): void {
    if (message.type === INTERRUPTED) this.listener.onCaption({ type: "interrupted" });
    super.handleMessage(message);
  }
}
