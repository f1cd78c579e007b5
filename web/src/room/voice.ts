import { WavMediaManager } from "@pipecat-ai/websocket-transport";
import type { Tracks } from "@pipecat-ai/client-js";
import type { Device } from "../media/device";
import { Player } from "../media/player";
import { Recorder } from "../media/recorder";

export const RECORDER_RATE = 16_000;
export const PLAYER_RATE = 24_000;

/**
 * Media of a WebSocket room, on the microphone that the device check opened.
 *
 * pipecat's own WavMediaManager opens the microphone anew at each connection, captures at 16 kHz (which Firefox refuses
 * for a microphone of another rate), never closes its audio contexts, and stops sending while muted, which Nova Sonic
 * takes for a dead stream. Its base class is not exported, so this replaces every method of it.
 */
export class VoiceMedia extends WavMediaManager {
  private recorder: Recorder | null = null;
  private player: Player | null = null;

  constructor(private readonly microphone: Device) {
    super();
  }

  /** Before the connection: a page that can't load its worklet must not take the room. */
  override async initialize(): Promise<void> {
    this.recorder ??= await Recorder.prepare(RECORDER_RATE, (frame) => this._userAudioCallback(frame));
    this.player ??= new Player(PLAYER_RATE);
  }

  override async connect(): Promise<void> {
    await this.initialize();
    const stream = this.microphone.stream;
    if (!stream) throw new Error("No microphone is open");
    this.recorder?.record(stream);
  }

  override async disconnect(): Promise<void> {
    const { recorder, player } = this;
    this.recorder = null;
    this.player = null;
    player?.finish();
    await recorder?.close();
  }

  override userStartedSpeaking(): Promise<unknown> {
    this.player?.flush();
    return Promise.resolve();
  }

  override bufferBotAudio(data: ArrayBuffer | Int16Array): Int16Array {
    const frame = data instanceof Int16Array ? data : new Int16Array(data);
    this.player?.push(frame);
    return frame;
  }

  /** Silence goes on flowing while muted: the model's stream must not dry up. */
  override enableMic(enable: boolean): Promise<void> {
    this._micEnabled = enable;
    for (const track of this.microphone.stream?.getAudioTracks() ?? []) track.enabled = enable;
    return Promise.resolve();
  }

  /** Moves to the microphone's stream of now, after the candidate chose another one. */
  async followMicrophone(): Promise<void> {
    const stream = this.microphone.stream;
    if (!this.recorder || !stream) return;
    this.recorder.record(stream);
    await this.enableMic(this._micEnabled);
  }

  get interviewerLevel(): number {
    return this.player?.level() ?? 0;
  }

  get pendingMs(): number {
    return this.player?.pendingMs ?? 0;
  }

  override get isMicEnabled(): boolean {
    return this._micEnabled;
  }

  override tracks(): Tracks {
    const audio = this.microphone.stream?.getAudioTracks()[0];
    return { local: audio ? { audio } : {} };
  }

  override getAllMics(): Promise<MediaDeviceInfo[]> {
    return Promise.resolve([...this.microphone.snapshot().devices]);
  }

  override async updateMic(deviceId: string): Promise<void> {
    await this.microphone.open(deviceId);
    await this.followMicrophone();
  }

  override get selectedMic(): Record<string, never> {
    return {};
  }
}
