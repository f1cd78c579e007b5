import { WebSocketTransport } from "@pipecat-ai/websocket-transport";
import type { WebsocketGrant } from "../api/types";
import type { RoomSerializer } from "./serializer";
import { CandidateSocket } from "./socket";
import { PLAYER_RATE, RECORDER_RATE, type VoiceMedia } from "./voice";

/** So many bytes unsent mean that the network has taken nothing for about three seconds: 16 kHz in 16 bits. */
export const STALLED_BYTES = 3 * 2 * RECORDER_RATE;

export interface TransportListener {
  /** The other side closed the socket, or it never opened (1006). All that it had sent was handled before. */
  onClosed(code: number, reason: string): void;
  /** What is said no longer leaves the browser: a connection that is dead without having been closed. */
  onStalled(): void;
}

/**
 * pipecat's transport over a socket of ours. Once it was disconnected it stays so: a step of the connecting that ends
 * late opens nothing and sends nothing.
 */
export class CandidateTransport extends WebSocketTransport {
  private readonly socket: CandidateSocket;
  /** Messages are read one after the other: reading takes its time, and a short one would overtake the long. */
  private reading: Promise<void> = Promise.resolve();
  private over = false;

  constructor(
    private readonly grant: WebsocketGrant,
    private readonly media: VoiceMedia,
    private readonly serializer: RoomSerializer,
    private readonly listener: TransportListener,
  ) {
    super({ serializer, mediaManager: media, recorderSampleRate: RECORDER_RATE, playerSampleRate: PLAYER_RATE });
    this.socket = new CandidateSocket(`${grant.wsUrl}?token=${encodeURIComponent(grant.token)}`, {
      onMessage: (data) => this.then(() => this.read(data)),
      onClosed: (code, reason) => this.then(() => this.listener.onClosed(code, reason)),
    });
  }

  override async _connect(): Promise<void> {
    if (this.over) throw new Error("The room was left");
    await super._connect({ wsUrl: this.grant.wsUrl });
  }

  override async _disconnect(): Promise<void> {
    this.over = true;
    await this.socket.close();
    await super._disconnect();
  }

  override initializeWebsocket(): ReturnType<WebSocketTransport["initializeWebsocket"]> {
    // It has what the transport uses of pipecat's class, which is not exported.
    return this.socket as unknown as ReturnType<WebSocketTransport["initializeWebsocket"]>;
  }

  override sendReadyMessage(): void {
    if (!this.over) super.sendReadyMessage();
  }

  /** Sends sound once the room is ready, and none of before: pipecat would keep all of it and send it then. */
  override handleUserAudioStream(data: ArrayBuffer): void {
    if (this.over || this.state !== "ready") return;
    super.handleUserAudioStream(data);
    if (this.socket.bufferedAmount > STALLED_BYTES) this.listener.onStalled();
  }

  private then(step: () => void | Promise<void>): void {
    this.reading = this.reading.then(step).catch((error: unknown) => console.error("An unreadable message:", error));
  }

  private async read(data: Blob): Promise<void> {
    const message = await this.serializer.deserialize(data);
    if (this.over) return;
    if (message.type === "audio") this.media.bufferBotAudio(message.audio);
    else if (message.message.label === "rtvi-ai") this._onMessage(message.message);
  }
}
