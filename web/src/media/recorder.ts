import workletUrl from "./capture.worklet.ts?worker&url";
import { resumeOnTouch } from "./audio";

/** 20 ms at 16 kHz: what the bot's voice detection works on, without more delay than that. */
const FRAME_LENGTH = 320;

/** Reads a microphone as 16-bit mono frames. */
export class Recorder {
  private constructor(
    private readonly context: AudioContext,
    private readonly source: MediaStreamAudioSourceNode,
    private readonly node: AudioWorkletNode,
  ) {}

  /** @param rate samples a second of the frames; the hardware keeps its own rate (Firefox refuses any other) */
  static async start(stream: MediaStream, rate: number, onFrame: (frame: ArrayBuffer) => void): Promise<Recorder> {
    const context = new AudioContext({ latencyHint: "interactive" });
    resumeOnTouch(context);
    await context.audioWorklet.addModule(workletUrl);
    const source = context.createMediaStreamSource(stream);
    const node = new AudioWorkletNode(context, "parley-capture", {
      numberOfOutputs: 0,
      channelCount: 1,
      channelCountMode: "explicit",
      processorOptions: { rate, frameLength: FRAME_LENGTH },
    });
    node.port.onmessage = (message: MessageEvent<ArrayBuffer>) => onFrame(message.data);
    source.connect(node);
    return new Recorder(context, source, node);
  }

  async stop(): Promise<void> {
    this.node.port.onmessage = null;
    this.source.disconnect();
    await this.context.close();
  }
}
