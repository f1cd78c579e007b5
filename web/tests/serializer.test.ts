// @vitest-environment node
import { expect, it } from "vitest";
import { RoomSerializer } from "../src/room/serializer";

/** What pipecat 1.14's ProtobufFrameSerializer makes of an InterruptionFrame. */
const INTERRUPTION = "2a1708011213496e74657272757074696f6e4672616d652330";
/** And of OutputAudioRawFrame(audio=b"\x01\x00\xff\xff", sample_rate=24000, num_channels=1). */
const AUDIO = "1225080212154f7574707574417564696f5261774672616d6523301a040100ffff20c0bb012801";

it("falls silent on an interruption, and hears everything else", async () => {
  let interruptions = 0;
  const serializer = new RoomSerializer(() => (interruptions += 1));
  const silence = await serializer.deserialize(new Blob([Buffer.from(INTERRUPTION, "hex")]));
  expect(interruptions).toBe(1);
  expect(silence).toEqual({ type: "audio", audio: new Int16Array(0) });
  const sound = await serializer.deserialize(new Blob([Buffer.from(AUDIO, "hex")]));
  expect(sound).toEqual({ type: "audio", audio: Int16Array.of(1, -1) });
  expect(interruptions).toBe(1);
});
