// What the candidate sees of the bot's own messages, in both kinds of rooms.
import { RTVIMessage } from "@pipecat-ai/client-js";
import { ProtobufFrameSerializer } from "@pipecat-ai/websocket-transport";
import { act, render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { CaptionLog } from "../src/components/CaptionLog";
import { Device } from "../src/media/device";
import { DailyRoom } from "../src/room/daily";
import type { RoomListener } from "../src/room/room";
import { WebsocketRoom } from "../src/room/websocket";
import { addCaption, NO_CAPTIONS, type Captions } from "../src/state/captions";
import { FakeStream, stubAudio, stubDevices } from "./fakeAudio";
import { FakeSocket, madeSocket } from "./fakeSocket";

interface Message {
  readonly type: string;
  readonly data?: object;
}

/** What a room's bot sends. `dropSound` is what a nod makes it send: in a Daily room nothing. */
interface Bot {
  tell(message: Message): Promise<void>;
  dropSound(): Promise<void>;
}

/** What pipecat 1.14's ProtobufFrameSerializer makes of an InterruptionFrame. */
const INTERRUPTION = Uint8Array.from(Buffer.from("2a1708011213496e74657272757074696f6e4672616d652330", "hex"));
const PROGRESS = { type: "server-message", data: { kind: "progress", question: 1, total: 2, secondsLeft: 60 } };

/** The message in pipecat's frame. */
function inFrame(message: Message): Uint8Array<ArrayBuffer> {
  return new Uint8Array(new ProtobufFrameSerializer().serializeMessage(new RTVIMessage(message.type, message.data)));
}

const daily = vi.hoisted(() => ({ tell: null as ((message: object) => void) | null }));

// Daily's call needs a browser's WebRTC; its app messages go to the client as they come.
vi.mock("@pipecat-ai/daily-transport", async () => {
  const { Transport } = await import("@pipecat-ai/client-js");
  class DailyTransport extends (Transport as unknown as new () => object) {
    readonly dailyCallClient = { on: () => undefined };
    readonly state = "ready";

    initialize(_options: unknown, handle: (message: object) => void): void {
      daily.tell = handle;
    }
  }
  return { DailyTransport };
});

async function microphone(): Promise<Device> {
  const device = new Device("microphone");
  await device.open();
  return device;
}

function inDaily(listener: RoomListener): Promise<Bot> {
  // Not started: there is no call to be joined.
  expect(new DailyRoom(new Device("microphone"), listener).interviewerLevel()).toBe(0);
  const tell = (message: Message): Promise<void> => {
    daily.tell?.(message);
    return Promise.resolve();
  };
  return Promise.resolve({ tell, dropSound: () => Promise.resolve() });
}

async function inWebsocket(listener: RoomListener): Promise<Bot> {
  const told = { sent: 0, read: 0 };
  const grant = { wsUrl: "ws://api/rooms/1", token: "ticket" };
  const noting = { ...listener, onProgress: () => void (told.read += 1) };
  new WebsocketRoom(grant, await microphone(), noting).start();
  const socket = await madeSocket();
  socket.open();
  await vi.waitFor(() => expect(socket.sent, "the ready message").toHaveLength(1));
  /** Frames are read one after the other: when the second is, the first was. */
  const send = async (bytes: Uint8Array<ArrayBuffer>): Promise<void> => {
    socket.receive(bytes);
    socket.receive(inFrame(PROGRESS));
    told.sent += 1;
    await vi.waitFor(() => expect(told.read).toBe(told.sent));
  };
  return { tell: (message) => send(inFrame(message)), dropSound: () => send(INTERRUPTION) };
}

const QUESTION = "What did you build?";
/** Nova's sentences have no segment of their own: the second message has the number of another frame. */
const announced = (text: string, segment: number): Message => output(text, segment, false);
const spoken = (text: string, segment: number): Message => output(text, segment, true);
const output = (text: string, segment: number, spoken: boolean): Message => ({
  type: "bot-output",
  data: { text, segment_id: segment, spoken, will_be_spoken: false, spoken_status: "new" },
});
const understood = (text: string, final: boolean): Message => ({ type: "user-transcription", data: { text, final } });
const CUT_SHORT: Message = { type: "bot-interrupted" };

describe.each([
  ["a WebSocket room", inWebsocket],
  ["a Daily room", inDaily],
])("in %s", (_name, enter) => {
  let captions: Captions;

  beforeEach(() => {
    stubAudio();
    stubDevices(new FakeStream());
    FakeSocket.made = [];
    vi.stubGlobal("WebSocket", FakeSocket);
    captions = NO_CAPTIONS;
  });
  afterEach(() => vi.unstubAllGlobals());

  /** Who said what on the page, and what a screen reader is given of it. */
  async function show(...events: readonly ((bot: Bot) => Promise<void>)[]) {
    const nothing = (): void => undefined;
    const page = (): React.JSX.Element => <CaptionLog captions={captions} interviewer="Ada" language="en" />;
    const view = render(page());
    await userEvent.click(screen.getByRole("checkbox"));
    const bot = await enter({
      onLive: nothing,
      onLost: nothing,
      onEnded: nothing,
      onProgress: nothing,
      onRecording: nothing,
      onSpeaking: nothing,
      onCaption: (event) => {
        captions = addCaption(captions, event);
        act(() => view.rerender(page()));
      },
    });
    for (const event of events) await event(bot);
    return {
      seen: [...screen.getByTestId("captions").querySelectorAll("[data-speaker]")].map((run) => [
        run.getAttribute("data-speaker"),
        ...[...run.querySelectorAll(".line")].map((line) => line.textContent.trim()),
      ]),
      open: [...view.container.querySelectorAll(".line--open")].map((line) => line.textContent.trim()),
      aloud: [...screen.getByTestId("captions-aloud").children].map((line) => line.textContent),
    };
  }
  const tell = (message: Message) => (bot: Bot) => bot.tell(message);
  const nod = (bot: Bot): Promise<void> => bot.dropSound();

  it("a sentence with a nod in its middle is there once, and read once", async () => {
    const { seen, open, aloud } = await show(tell(announced(QUESTION, 11)), nod, tell(spoken(QUESTION, 12)));
    expect(seen).toEqual([["interviewer", QUESTION]]);
    expect(open).toEqual([]);
    expect(aloud).toEqual([QUESTION]);
  });

  it("a nod closes nothing", async () => {
    const { open, aloud } = await show(tell(announced(QUESTION, 11)), nod);
    expect(open).toEqual([QUESTION]);
    expect(aloud).toEqual([]);
  });

  it("a question that was cut short and is put again is there again, at the end", async () => {
    const { seen, open, aloud } = await show(
      tell(announced(QUESTION, 11)),
      nod,
      tell(CUT_SHORT),
      tell(understood("Sorry", false)),
      tell(understood("Sorry, what?", true)),
      tell(announced(QUESTION, 21)),
    );
    expect(seen).toEqual([
      ["interviewer", QUESTION],
      ["candidate", "Sorry, what?"],
      ["interviewer", QUESTION],
    ]);
    expect(open).toEqual([QUESTION]);
    expect(aloud).toEqual([QUESTION, "Sorry, what?"]);
  });

  it("a sentence that was cut short is not there twice where it is told of once more", async () => {
    const { seen } = await show(tell(announced(QUESTION, 11)), tell(CUT_SHORT), tell(spoken(QUESTION, 12)));
    expect(seen).toEqual([["interviewer", QUESTION]]);
  });
});
