import { PipecatClient, type Participant, type RTVIMessage } from "@pipecat-ai/client-js";
import { DailyTransport } from "@pipecat-ai/daily-transport";
import type { DailyGrant } from "../api/types";
import { LevelMeter } from "../media/audio";
import type { Device } from "../media/device";
import type { Loss } from "../state/room";
import { conversation, isFatal } from "./callbacks";
import type { Room, RoomListener } from "./room";

/** How long joining and the bot's ready message may take together (ms). */
const READY_TIMEOUT_MS = 45_000;

/** Joins a Daily room. Only sound is sent: the candidate's picture stays on the page. */
export function openDailyRoom(grant: DailyGrant, microphone: Device, listener: RoomListener): Promise<Room> {
  const room = new DailyRoom(microphone, listener);
  room.start(grant);
  return Promise.resolve(room);
}

class DailyRoom implements Room {
  private readonly transport: DailyTransport;
  private readonly client: PipecatClient;
  private readonly speaker = new Audio();
  private meter: LevelMeter | null = null;
  /** Whether Daily's call bundle arrived from its servers. */
  private loaded = false;
  /** The page was told of the end; nothing more goes to it. */
  private over = false;
  private left = false;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly microphone: Device,
    private readonly listener: RoomListener,
  ) {
    const track = microphone.stream?.getAudioTracks()[0];
    this.transport = new DailyTransport({
      // A copy: Daily stops the track that it was given when the call ends.
      audioSource: track ? track.clone() : true,
      videoSource: false,
      // Daily's bundle as a script of its own origin, so that the CSP needs no unsafe-eval; no cookies of its.
      dailyConfig: { avoidEval: true, useDevicePreferenceCookies: false },
    });
    this.client = new PipecatClient({
      transport: this.transport,
      enableMic: true,
      enableCam: false,
      callbacks: {
        ...conversation(listener, (reason) => this.ended(reason)),
        onBotReady: () => this.ready(),
        onTrackStarted: (started, participant) => this.hear(started, participant),
        onError: (message: RTVIMessage) => this.failed(message),
        onDisconnected: () => void this.fail(),
      },
    });
    const call = this.transport.dailyCallClient;
    call.on("loaded", () => {
      this.loaded = true;
    });
    call.on("error", (event: { error?: { type: string } }) => {
      if (event.error?.type === "ejected") void this.drop("takenOver");
    });
  }

  start(grant: DailyGrant): void {
    this.timer = setTimeout(() => void this.fail(), READY_TIMEOUT_MS);
    void this.connect(grant);
  }

  setMuted(muted: boolean): void {
    this.client.enableMic(!muted);
  }

  interviewerLevel(): number {
    return this.meter?.read() ?? 0;
  }

  async microphoneChanged(): Promise<void> {
    const track = this.microphone.stream?.getAudioTracks()[0];
    if (track) await this.transport.dailyCallClient.setInputDevicesAsync({ audioSource: track.clone() });
  }

  async leave(forGood: boolean): Promise<void> {
    if (this.left) return;
    this.left = true;
    this.over = true;
    clearTimeout(this.timer);
    if (forGood && this.client.state === "ready") this.client.sendClientMessage("leave");
    await this.close();
  }

  private async connect(grant: DailyGrant): Promise<void> {
    try {
      await this.client.initDevices();
      await this.client.connect({ room_url: grant.room_url, token: grant.token });
    } catch {
      // Daily reports each failure as text only; what matters is whether its code was there at all.
      await this.fail();
    }
  }

  private fail(): Promise<void> {
    return this.drop(this.loaded ? "dropped" : "dailyCode");
  }

  private ready(): void {
    clearTimeout(this.timer);
    if (!this.over) this.listener.onLive();
  }

  private hear(track: MediaStreamTrack, participant?: Participant): void {
    if (track.kind !== "audio" || participant?.local !== false) return;
    const stream = new MediaStream([track]);
    this.speaker.srcObject = stream;
    void this.speaker.play();
    this.meter?.close();
    this.meter = LevelMeter.ofStream(stream);
  }

  private failed(message: RTVIMessage): void {
    if (isFatal(message)) void this.fail();
  }

  private async drop(loss: Loss): Promise<void> {
    if (this.over) return;
    this.over = true;
    clearTimeout(this.timer);
    this.listener.onLost(loss);
    await this.close();
  }

  private ended(reason: string): void {
    if (this.over) return;
    this.over = true;
    this.listener.onEnded(reason);
  }

  private async close(): Promise<void> {
    this.meter?.close();
    this.speaker.srcObject = null;
    await this.client.disconnect();
  }
}
