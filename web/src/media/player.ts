import { LevelMeter } from "./audio";
import { keepRunning } from "./gate";

/** Before the first frame sounds (s): the interviewer sends 120 ms ahead, so nothing more need be held back. */
const FIRST_LEAD_SECONDS = 0.02;
/** The same where a frame came too late: the network is slower than that, and the next is not to make a gap, too. */
const LATE_LEAD_SECONDS = 0.12;
/** What comes within this time after the last sound belonged to it (s). */
const LATE_SECONDS = 0.3;
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
    this.next = this.startOf(this.next, this.context.currentTime);
    source.start(this.next);
    this.next += buffer.duration;
    this.playing.add(source);
    source.addEventListener("ended", () => this.playing.delete(source), { once: true });
  }

  /** When the next frame begins: right after the one before it, or, where that is over, as soon as is safe. */
  private startOf(next: number, now: number): number {
    if (next >= now) return next;
    return now + (next > 0 && now - next < LATE_SECONDS ? LATE_LEAD_SECONDS : FIRST_LEAD_SECONDS);
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
