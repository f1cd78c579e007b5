/** Runs on the audio thread: the microphone's samples become 16-bit frames at the rate that the bot listens at. */
import { Resampler } from "./resample";

// The scope of a worklet; TypeScript's libraries don't describe it.
declare const sampleRate: number;
declare function registerProcessor(name: string, processor: unknown): void;
declare class AudioWorkletProcessor {
  readonly port: MessagePort;
}

class Capture extends AudioWorkletProcessor {
  private readonly resampler: Resampler;

  constructor(options: { processorOptions: { rate: number; frameLength: number } }) {
    super();
    const { rate, frameLength } = options.processorOptions;
    this.resampler = new Resampler(sampleRate, rate, frameLength, (frame) => {
      this.port.postMessage(frame.buffer, [frame.buffer]);
    });
  }

  process(inputs: Float32Array[][]): boolean {
    const channel = inputs[0]?.[0];
    if (channel) this.resampler.push(channel);
    return true;
  }
}

registerProcessor("parley-capture", Capture);
