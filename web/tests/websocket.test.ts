import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Device } from "../src/media/device";
import { STALLED_BYTES } from "../src/room/transport";
import { WebsocketRoom } from "../src/room/websocket";
import { FakeContext, FakeStream, stubAudio, stubDevices } from "./fakeAudio";
import { FakeSocket, madeSocket } from "./fakeSocket";

const GRANT = { wsUrl: "ws://api/rooms/1", token: "ticket" };

async function open() {
  const microphone = new Device("microphone");
  await microphone.open();
  const listener = {
    onLive: vi.fn(),
    onLost: vi.fn(),
    onEnded: vi.fn(),
    onProgress: vi.fn(),
    onRecording: vi.fn(),
    onCaption: vi.fn(),
    onSpeaking: vi.fn(),
  };
  return { room: new WebsocketRoom(GRANT, microphone, listener), listener, microphone };
}

/** A frame as the worklet sends it, on its way through the transport. */
function record(): void {
  const worklet = FakeContext.nodes.find((node) => node.port.onmessage !== null);
  worklet?.port.onmessage?.(new MessageEvent("message", { data: new ArrayBuffer(640) }));
}

beforeEach(() => {
  stubAudio();
  stubDevices(new FakeStream(), new FakeStream());
  FakeSocket.made = [];
  vi.stubGlobal("WebSocket", FakeSocket);
  vi.spyOn(console, "error").mockImplementation(() => undefined);
  vi.spyOn(console, "debug");
});
afterEach(() => vi.unstubAllGlobals());

describe("a room that is left while it is being connected", () => {
  it("opens no socket when it is left before", async () => {
    const { room } = await open();
    room.start();
    await room.leave(true);
    await vi.waitFor(() => expect(FakeContext.made.every((context) => context.closed)).toBe(true));
    expect(FakeSocket.made).toEqual([]);
  });

  it("gives up the handshake, so that a late one takes the room from nobody", async () => {
    const { room, listener } = await open();
    room.start();
    const handshake = await madeSocket();
    await room.leave(false);
    expect(handshake.closedByUs).toBe(true);
    handshake.open();
    await vi.waitFor(() => expect(FakeContext.made.every((context) => context.closed)).toBe(true));
    expect(handshake.sent).toEqual([]);
    expect(listener.onLost).not.toHaveBeenCalled();
  });
});

describe("an open room", () => {
  const connected = async () => {
    const opened = await open();
    opened.room.start();
    const ws = await madeSocket();
    ws.open();
    await vi.waitFor(() => expect(ws.sent, "the ready message").toHaveLength(1));
    return { ...opened, ws };
  };

  it("sends sound from then on, and notices when it no longer leaves", async () => {
    const { ws, listener } = await connected();
    record();
    expect(ws.sent).toHaveLength(2);
    ws.bufferedAmount = STALLED_BYTES + 1;
    record();
    expect(listener.onLost).toHaveBeenCalledExactlyOnceWith("dropped");
    expect(ws.closedByUs).toBe(true);
  });

  it.each([
    [4410, "the interview goes on in another tab", "takenOver"],
    [4401, "too old", "ticket"],
    [1006, "", "dropped"],
  ])("tells why it was closed: %s", async (code, reason, loss) => {
    const { ws, listener } = await connected();
    ws.finish(code, reason);
    await vi.waitFor(() => expect(listener.onLost).toHaveBeenCalledExactlyOnceWith(loss));
  });

  it("is over when the close says so, whatever became of the message before it", async () => {
    const { ws, listener } = await connected();
    ws.finish(1000, "Completed");
    await vi.waitFor(() => expect(listener.onEnded).toHaveBeenCalledExactlyOnceWith("Completed"));
    expect(listener.onLost).not.toHaveBeenCalled();
  });

  it("logs no ticket", async () => {
    const { room } = await connected();
    await room.leave(true);
    const logged = [...vi.mocked(console.debug).mock.calls, ...vi.mocked(console.error).mock.calls];
    expect(logged.map(String).join(" ")).not.toContain("ticket");
  });

  it("says that the microphone can't be recorded, and blames no network", async () => {
    FakeContext.worklet = () => Promise.reject(new DOMException("", "AbortError"));
    const { room, listener } = await open();
    room.start();
    await vi.waitFor(() => expect(listener.onLost).toHaveBeenCalledExactlyOnceWith("fault"));
    expect(FakeSocket.made).toEqual([]);
  });
});
