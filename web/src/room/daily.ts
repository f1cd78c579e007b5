import type { Participant, RTVIMessage } from "@pipecat-ai/client-js";
import { DailyTransport } from "@pipecat-ai/daily-transport";
import type { DailyGrant } from "../api/types";
import { LevelMeter } from "../media/audio";
import type { Device } from "../media/device";
import { soundGate } from "../media/gate";
import type { Loss } from "../state/room";
import { conversation, isFatal } from "./callbacks";
import { CandidateClient } from "./client";
import type { Room, RoomListener } from "./room";

/** How long joining and the bot's ready message may take together (ms). */
const READY_TIMEOUT_MS = 45_000;

/** pipecat's transport, which leaves the call but keeps the call object with all its listeners for ever. */
class CandidateTransport extends DailyTransport {
  private over = false;

  override async _connect(params?: Parameters<DailyTransport["_connect"]>[0]): Promise<void> {
    if (this.over) throw new Error("The room was left");
    await super._connect(params);
  }

  override sendReadyMessage(): Promise<void> {
    return this.over ? Promise.resolve() : super.sendReadyMessage();
  }

  override async _disconnect(): Promise<void> {
    if (this.over) return;
    this.over = true;
    try {
      await super._disconnect();
    } finally {
      // Not through `dailyCallClient`, which forbids it.
      const { _daily: call } = this as unknown as { _daily: { destroy(): Promise<void> } };
      await call.destroy();
    }
  }
}

/** A Daily room. Only sound is sent: the candidate's picture stays on the page. */
export class DailyRoom implements Room {
  private readonly transport: CandidateTransport;
  private readonly client: CandidateClient;
  private readonly speaker = new Audio();
  private meter: LevelMeter | null = null;
  /** The microphone's stream of which `track` is a copy: Daily may stop what it was given when the call ends. */
  private followed: MediaStream | null;
  private track: MediaStreamTrack | null;
  /** Whether Daily's call bundle arrived from its servers. */
  private loaded = false;
  /** The page was told of the end; nothing more goes to it. */
  private over = false;
  private left = false;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private readonly unsubscribe: () => void;

  constructor(
    private readonly microphone: Device,
    private readonly listener: RoomListener,
  ) {
    this.followed = microphone.stream;
    this.track = copyOf(this.followed);
    this.transport = new CandidateTransport({
      audioSource: this.track ?? true,
      videoSource: false,
      // Daily's bundle as a script of its own origin, so that the CSP needs no unsafe-eval; no cookies of its.
      dailyConfig: { avoidEval: true, useDevicePreferenceCookies: false },
    });
    const call = this.transport.dailyCallClient;
    call.on("loaded", () => {
      this.loaded = true;
    });
    // Before the client's own listener, to which it is one fatal error like any other.
    call.on("error", (event: { error?: { type: string } }) => {
      if (event.error?.type === "ejected") void this.drop("takenOver");
    });
    this.client = new CandidateClient(listener, {
      transport: this.transport,
      enableMic: !microphone.snapshot().muted,
      enableCam: false,
      callbacks: {
        ...conversation(listener, (reason) => this.ended(reason)),
        onBotReady: () => this.ready(),
        onTrackStarted: (started, participant) => this.hear(started, participant),
        onError: (message: RTVIMessage) => this.failed(message),
        onDisconnected: () => void this.fail(),
      },
    });
    this.unsubscribe = microphone.subscribe(() => this.follow());
  }

  /** Begins to join; all else is told to the listener. */
  start(grant: DailyGrant): void {
    this.timer = setTimeout(() => void this.fail(), READY_TIMEOUT_MS);
    void this.connect(grant);
  }

  interviewerLevel(): number {
    return this.meter?.read() ?? 0;
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
      if (this.over) return;
      await this.client.connect({ room_url: grant.room_url, token: grant.token });
    } catch {
      // Daily reports each failure as text only; what matters is whether its code was there at all.
      await this.fail();
    }
  }

  /** What the microphone is now: the candidate may have muted it, or chosen another one. */
  private follow(): void {
    const { stream, muted } = { stream: this.microphone.stream, muted: this.microphone.snapshot().muted };
    if (stream && stream !== this.followed) {
      this.followed = stream;
      this.track?.stop();
      this.track = copyOf(stream);
      if (this.track) void this.transport.dailyCallClient.setInputDevicesAsync({ audioSource: this.track });
    }
    if (this.track) this.track.enabled = !muted;
    if (this.client.isMicEnabled === muted) this.client.enableMic(!muted);
  }

  private fail(): Promise<void> {
    return this.drop(this.loaded ? "dropped" : "dailyCode");
  }

  private ready(): void {
    clearTimeout(this.timer);
    if (!this.over) this.listener.onLive();
  }

  private hear(track: MediaStreamTrack, participant?: Participant): void {
    if (this.over || track.kind !== "audio" || participant?.local !== false) return;
    const stream = new MediaStream([track]);
    this.speaker.srcObject = stream;
    const play = (): Promise<void> => this.speaker.play();
    // Some browsers play nothing before the page was touched.
    play().catch(() => soundGate.hold(this, play));
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
    clearTimeout(this.timer);
    this.listener.onEnded(reason);
  }

  private async close(): Promise<void> {
    this.unsubscribe();
    soundGate.release(this);
    this.meter?.close();
    this.speaker.srcObject = null;
    this.track?.stop();
    await this.client.disconnect();
  }
}

function copyOf(stream: MediaStream | null): MediaStreamTrack | null {
  return stream?.getAudioTracks()[0]?.clone() ?? null;
}
