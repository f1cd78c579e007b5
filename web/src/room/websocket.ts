import type { RTVIMessage } from "@pipecat-ai/client-js";
import type { WebsocketGrant } from "../api/types";
import type { Device } from "../media/device";
import type { Loss } from "../state/room";
import { conversation, isFatal } from "./callbacks";
import { CandidateClient } from "./client";
import { endOf, lossOf } from "./messages";
import type { Room, RoomListener } from "./room";
import { RoomSerializer } from "./serializer";
import { CandidateTransport } from "./transport";
import { VoiceMedia } from "./voice";

/** How long the bot may take from the handshake to its ready message (ms). */
const READY_TIMEOUT_MS = 20_000;
/** The last words are heard out before the room is left, but never longer than this (ms). */
const LONGEST_TAIL_MS = 4000;

/** A room that the bot serves itself, through the API's relay. */
export class WebsocketRoom implements Room {
  private readonly media: VoiceMedia;
  private readonly client: CandidateClient;
  /** The page was told of the end; nothing more goes to it. */
  private over = false;
  private left = false;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    grant: WebsocketGrant,
    microphone: Device,
    private readonly listener: RoomListener,
  ) {
    this.media = new VoiceMedia(microphone);
    const serializer = new RoomSerializer(() => this.media.flush());
    const transport = new CandidateTransport(grant, this.media, serializer, {
      onClosed: (code, reason) => this.closed(code, reason),
      onStalled: () => void this.drop("dropped"),
    });
    this.client = new CandidateClient(listener, {
      transport,
      enableMic: true,
      enableCam: false,
      callbacks: {
        ...conversation(listener, (reason) => this.ended(reason)),
        onBotReady: () => this.ready(),
        onError: (message: RTVIMessage) => {
          if (isFatal(message)) void this.drop("dropped");
        },
        onDisconnected: () => this.lost("dropped"),
      },
    });
  }

  /** Begins to connect; all else is told to the listener. */
  start(): void {
    this.timer = setTimeout(() => void this.drop("dropped"), READY_TIMEOUT_MS);
    void this.connect();
  }

  interviewerLevel(): number {
    return this.media.interviewerLevel;
  }

  async leave(forGood: boolean): Promise<void> {
    if (this.left) return;
    this.left = true;
    this.over = true;
    clearTimeout(this.timer);
    if (forGood && this.client.state === "ready") this.client.sendClientMessage("leave");
    this.media.flush();
    await this.client.disconnect();
  }

  private async connect(): Promise<void> {
    try {
      await this.client.initDevices();
    } catch (error) {
      console.error("The microphone can't be recorded:", error);
      await this.drop("fault");
      return;
    }
    if (this.over) return;
    try {
      await this.client.connect();
    } catch {
      // The close of the socket has told why; this is for a failure that closed none.
      await this.drop("dropped");
    }
  }

  private ready(): void {
    clearTimeout(this.timer);
    if (!this.over) this.listener.onLive();
  }

  private closed(code: number, reason: string): void {
    const end = endOf(code, reason);
    if (end !== null) this.ended(end);
    else void this.drop(lossOf(code));
  }

  private async drop(loss: Loss): Promise<void> {
    this.lost(loss);
    await this.client.disconnect();
  }

  private lost(loss: Loss): void {
    if (this.over) return;
    this.over = true;
    clearTimeout(this.timer);
    this.listener.onLost(loss);
  }

  private ended(reason: string): void {
    if (this.over) return;
    this.over = true;
    clearTimeout(this.timer);
    const tail = Math.min(LONGEST_TAIL_MS, this.media.pendingMs);
    setTimeout(() => this.listener.onEnded(reason), tail);
  }
}
