import { LevelMeter } from "./audio";
import { keepRunning } from "./gate";

/** Audio that is held back before the first frame sounds, so that a late frame makes no gap (s). */
const LEAD_SECONDS = 0.08;
/** More than this is never kept to be played (ms): it would be heard long after the interviewer has moved on. */
const LONGEST_PENDING_MS = 5000;

/** Plays frames of 16-bit mono audio one after the other. */
export class Player {
  private readonly context: AudioContext;
  private readonly output: GainNode;
  private readonly meter: LevelMeter;
  private readonly playing = new Set<AudioBufferSourceNode>();
  /** Where on the context's clock the next frame begins (s). */
  private next = 0;

  constructor(private readonly rate: number) {
    this.context = new AudioContext({ sampleRate: rate, latencyHint: "interactive" });
    this.output = new GainNode(this.context);
    this.output.connect(this.context.destination);
    this.meter = LevelMeter.of(this.output);
    keepRunning(this.context);
  }

  /** Plays the frame after those before it; drops it where it could not be heard in time. */
  push(frame: Int16Array): void {
    if (frame.length === 0 || this.context.state !== "running" || this.pendingMs > LONGEST_PENDING_MS) return;
    const buffer = this.context.createBuffer(1, frame.length, this.rate);
    const samples = buffer.getChannelData(0);
    for (let index = 0; index < frame.length; index += 1) samples[index] = (frame[index] ?? 0) / 0x8000;
    const source = new AudioBufferSourceNode(this.context, { buffer });
    source.connect(this.output);
    if (this.next < this.context.currentTime) this.next = this.context.currentTime + LEAD_SECONDS;
    source.start(this.next);
    this.next += buffer.duration;
    this.playing.add(source);
    source.addEventListener("ended", () => this.playing.delete(source), { once: true });
  }

  /** Falls silent at once and forgets what was still to be played. */
  flush(): void {
    for (const source of this.playing) source.stop();
    this.playing.clear();
    this.next = 0;
  }

  level(): number {
    return this.meter.read();
  }

  /** How much is still to be heard (ms). */
  get pendingMs(): number {
    return Math.max(0, (this.next - this.context.currentTime) * 1000);
  }

  /** Lets what was received be heard to its end, then frees the audio device. */
  finish(): void {
    setTimeout(() => void this.context.close(), this.pendingMs);
  }
}
