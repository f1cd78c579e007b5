import { PipecatClient, type RTVIMessage } from "@pipecat-ai/client-js";
import { WebSocketTransport } from "@pipecat-ai/websocket-transport";
import type { WebsocketGrant } from "../api/types";
import type { Device } from "../media/device";
import type { Loss } from "../state/room";
import { conversation, isFatal } from "./callbacks";
import { lossOf } from "./messages";
import type { Room, RoomListener } from "./room";
import { RoomSerializer } from "./serializer";
import { PLAYER_RATE, RECORDER_RATE, VoiceMedia } from "./voice";

/** How long the bot may take from the open socket to its ready message (ms). */
const READY_TIMEOUT_MS = 20_000;
/** The last words are heard out before the room is left, but never longer than this (ms). */
const LONGEST_TAIL_MS = 4000;

/** Joins a room that the bot serves itself, through the API's relay. */
export function openWebsocketRoom(grant: WebsocketGrant, microphone: Device, listener: RoomListener): Promise<Room> {
  const room = new WebsocketRoom(microphone, listener);
  room.start(grant);
  return Promise.resolve(room);
}

/** pipecat's transport, which tells an error's text but not the code that the socket was closed with. */
class ObservedTransport extends WebSocketTransport {
  closeCode: number | null = null;

  override initializeWebsocket(): ReturnType<WebSocketTransport["initializeWebsocket"]> {
    const socket = super.initializeWebsocket();
    // Before pipecat's own listener, which reports the error that the code explains.
    socket.prependListener("close", (code: number) => {
      this.closeCode = code;
    });
    return socket;
  }
}

class WebsocketRoom implements Room {
  private readonly transport: ObservedTransport;
  private readonly media: VoiceMedia;
  private readonly client: PipecatClient;
  /** The page was told of the end; nothing more goes to it. */
  private over = false;
  private left = false;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    microphone: Device,
    private readonly listener: RoomListener,
  ) {
    this.media = new VoiceMedia(microphone);
    this.transport = new ObservedTransport({
      serializer: new RoomSerializer(() => void this.media.userStartedSpeaking()),
      mediaManager: this.media,
      recorderSampleRate: RECORDER_RATE,
      playerSampleRate: PLAYER_RATE,
    });
    this.client = new PipecatClient({
      transport: this.transport,
      enableMic: true,
      enableCam: false,
      callbacks: {
        ...conversation(listener, (reason) => this.ended(reason)),
        onBotReady: () => this.ready(),
        onError: (message: RTVIMessage) => this.failed(message),
        onDisconnected: () => this.lost("dropped"),
      },
    });
  }

  start(grant: WebsocketGrant): void {
    this.timer = setTimeout(() => void this.drop("dropped"), READY_TIMEOUT_MS);
    void this.connect(grant);
  }

  setMuted(muted: boolean): void {
    this.client.enableMic(!muted);
  }

  interviewerLevel(): number {
    return this.media.interviewerLevel;
  }

  microphoneChanged(): Promise<void> {
    return this.media.followMicrophone();
  }

  async leave(forGood: boolean): Promise<void> {
    if (this.left) return;
    this.left = true;
    this.over = true;
    clearTimeout(this.timer);
    if (forGood && this.client.state === "ready") this.client.sendClientMessage("leave");
    await this.media.userStartedSpeaking();
    await this.client.disconnect();
  }

  private async connect(grant: WebsocketGrant): Promise<void> {
    try {
      await this.client.initDevices();
      await this.client.connect({ wsUrl: grant.wsUrl, token: grant.token });
    } catch {
      // pipecat's error says no more than the code does.
      await this.drop(lossOf(this.transport.closeCode));
    }
  }

  private ready(): void {
    clearTimeout(this.timer);
    if (!this.over) this.listener.onLive();
  }

  private failed(message: RTVIMessage): void {
    if (isFatal(message)) this.lost(lossOf(this.transport.closeCode));
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
    const tail = Math.min(LONGEST_TAIL_MS, this.media.pendingMs);
    setTimeout(() => this.listener.onEnded(reason), tail);
  }
}
