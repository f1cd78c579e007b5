import { ProtobufFrameSerializer } from "@pipecat-ai/websocket-transport";

type Incoming = Awaited<ReturnType<ProtobufFrameSerializer["deserialize"]>>;

/** First byte of pipecat's Frame when it holds an interruption: field 5 of its oneof, length-delimited. */
const INTERRUPTION = (5 << 3) | 2;

const NO_SOUND: Incoming = { type: "audio", audio: new Int16Array(0) };

/**
 * pipecat's frames on the wire. The JavaScript of 1.7.1 does not know the interruption frame that its server sends when
 * the candidate makes a sound: what is still to be played has to fall silent then. It may have been a nod, after which
 * the interviewer speaks on; that it was cut short a message says (`CandidateClient`).
 */
export class RoomSerializer extends ProtobufFrameSerializer {
  constructor(private readonly onSilence: () => void) {
    super();
  }

  override async deserialize(data: unknown): Promise<Incoming> {
    if (data instanceof Blob && (await firstByte(data)) === INTERRUPTION) {
      this.onSilence();
      return NO_SOUND;
    }
    return super.deserialize(data);
  }
}

async function firstByte(data: Blob): Promise<number | undefined> {
  return new Uint8Array(await data.slice(0, 1).arrayBuffer())[0];
}
