import workletUrl from "./capture.worklet.ts?worker&url";
import { keepRunning } from "./gate";

/** 20 ms at 16 kHz: what the bot's voice detection works on, without more delay than that. */
const FRAME_LENGTH = 320;

/** Reads a microphone as 16-bit mono frames. */
export class Recorder {
  private source: MediaStreamAudioSourceNode | null = null;

  private constructor(
    private readonly context: AudioContext,
    private readonly node: AudioWorkletNode,
  ) {}

  /**
   * Loads what is needed to record, without recording yet.
   *
   * @param rate samples a second of the frames; the hardware keeps its own rate (Firefox refuses any other)
   * @throws the browser's error when the worklet can't be loaded
   */
  static async prepare(rate: number, onFrame: (frame: ArrayBuffer) => void): Promise<Recorder> {
    const context = new AudioContext({ latencyHint: "interactive" });
    keepRunning(context);
    try {
      await context.audioWorklet.addModule(workletUrl);
    } catch (error) {
      // Browsers allow few contexts at a time, and the connection is tried again.
      await context.close();
      throw error;
    }
    const node = new AudioWorkletNode(context, "parley-capture", {
      numberOfOutputs: 0,
      channelCount: 1,
      channelCountMode: "explicit",
      processorOptions: { rate, frameLength: FRAME_LENGTH },
    });
    node.port.onmessage = (message: MessageEvent<ArrayBuffer>) => onFrame(message.data);
    return new Recorder(context, node);
  }

  /** Records this microphone, in place of the former one. */
  record(stream: MediaStream): void {
    this.source?.disconnect();
    this.source = this.context.createMediaStreamSource(stream);
    this.source.connect(this.node);
  }

  async close(): Promise<void> {
    this.node.port.onmessage = null;
    this.source?.disconnect();
    await this.context.close();
  }
}
