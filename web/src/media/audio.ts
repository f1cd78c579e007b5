import { keepRunning } from "./gate";

let shared: AudioContext | null = null;

/** The context of meters and test sounds. Made on first use: browsers start one only after the page was touched. */
export function audioContext(): AudioContext {
  if (!shared) {
    shared = new AudioContext();
    keepRunning(shared);
  }
  return shared;
}

/** Loudness of a source: `read` gives 0 (silence) to 1 (loud speech). */
export class LevelMeter {
  private readonly samples: Float32Array<ArrayBuffer>;

  private constructor(
    private readonly analyser: AnalyserNode,
    private readonly source: AudioNode,
  ) {
    this.samples = new Float32Array(analyser.fftSize);
  }

  static of(source: AudioNode): LevelMeter {
    const analyser = new AnalyserNode(source.context, { fftSize: 512 });
    source.connect(analyser);
    return new LevelMeter(analyser, source);
  }

  /** Null where the browser can't measure it: a meter is not worth the interview. */
  static ofStream(stream: MediaStream): LevelMeter | null {
    try {
      return LevelMeter.of(audioContext().createMediaStreamSource(stream));
    } catch (error) {
      console.warn("No level meter:", error);
      return null;
    }
  }

  read(): number {
    this.analyser.getFloatTimeDomainData(this.samples);
    let sum = 0;
    for (const sample of this.samples) sum += sample * sample;
    return loudness(Math.sqrt(sum / this.samples.length));
  }

  close(): void {
    this.source.disconnect(this.analyser);
  }
}

const QUIET_DB = -55;
const LOUD_DB = -12;

/** Maps a root mean square amplitude to 0..1 on a scale of decibels, as ears do. */
export function loudness(rms: number): number {
  if (rms <= 0) return 0;
  const db = 20 * Math.log10(rms);
  return Math.min(1, Math.max(0, (db - QUIET_DB) / (LOUD_DB - QUIET_DB)));
}

/** The notes take a good second; a browser that has not played them by now (ms) does not play them at all. */
const TEST_SOUND_MS = 4000;

/** Plays three soft notes. Resolves when they have sounded, or when the browser plainly holds them back. */
export async function playTestSound(): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const enough = new Promise((resolve) => (timer = setTimeout(resolve, TEST_SOUND_MS)));
  await Promise.race([notes(audioContext()), enough]);
  clearTimeout(timer);
}

async function notes(context: AudioContext): Promise<void> {
  await context.resume();
  const start = context.currentTime + 0.05;
  const pitches = [523.25, 659.25, 783.99];
  const last = pitches.map((frequency, index) => note(context, frequency, start + index * 0.28)).at(-1);
  await new Promise((resolve) => last?.addEventListener("ended", resolve, { once: true }));
}

function note(context: AudioContext, frequency: number, at: number): OscillatorNode {
  const tone = new OscillatorNode(context, { type: "sine", frequency });
  const gain = new GainNode(context, { gain: 0 });
  gain.gain.setValueAtTime(0, at);
  gain.gain.linearRampToValueAtTime(0.25, at + 0.03);
  gain.gain.exponentialRampToValueAtTime(0.001, at + 0.5);
  tone.connect(gain).connect(context.destination);
  tone.start(at);
  tone.stop(at + 0.52);
  return tone;
}
