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
 * takes for a dead stream. Its base class is not exported, so this replaces every method of it that the transport calls.
 * It records whatever stream the microphone has: another one after the candidate chose another, silence while muted.
 */
export class VoiceMedia extends WavMediaManager {
  private recorder: Recorder | null = null;
  private player: Player | null = null;
  private recorded: MediaStream | null = null;
  private over = false;
  private unsubscribe: (() => void) | null = null;

  constructor(private readonly microphone: Device) {
    super();
  }

  /** Before the connection: a page that can't load its worklet must not take the room. Does nothing once it is over. */
  override async initialize(): Promise<void> {
    if (this.over || this.recorder) return;
    const recorder = await Recorder.prepare(RECORDER_RATE, (frame) => this._userAudioCallback(frame));
    // It may have been left meanwhile.
    if (this.ended()) {
      await recorder.close();
      return;
    }
    this.recorder = recorder;
    this.player = new Player(PLAYER_RATE);
  }

  /** @throws when there is nothing to record any more: disconnected meanwhile, or no microphone */
  override connect(): Promise<void> {
    if (this.over || !this.recorder) return Promise.reject(new Error("The room was left"));
    if (!this.microphone.stream) return Promise.reject(new Error("No microphone is open"));
    this.unsubscribe = this.microphone.subscribe(() => this.follow());
    this.follow();
    return Promise.resolve();
  }

  /** For good: a room is never connected twice. */
  override async disconnect(): Promise<void> {
    const { recorder, player } = this;
    this.over = true;
    this.unsubscribe?.();
    this.recorder = null;
    this.player = null;
    player?.finish();
    await recorder?.close();
  }

  /** The interviewer falls silent at once. */
  flush(): void {
    this.player?.flush();
  }

  override userStartedSpeaking(): Promise<unknown> {
    this.flush();
    return Promise.resolve();
  }

  override bufferBotAudio(data: ArrayBuffer | Int16Array): Int16Array {
    const frame = data instanceof Int16Array ? data : new Int16Array(data);
    this.player?.push(frame);
    return frame;
  }

  private follow(): void {
    const { stream } = this.microphone;
    if (!stream || stream === this.recorded) return;
    this.recorded = stream;
    this.recorder?.record(stream);
  }

  private ended(): boolean {
    return this.over;
  }

  /** Muting is the microphone's own: silence goes on flowing, for the model's stream must not dry up. */
  override enableMic(enable: boolean): Promise<void> {
    this._micEnabled = enable;
    return Promise.resolve();
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

  override get selectedMic(): Record<string, never> {
    return {};
  }
}
