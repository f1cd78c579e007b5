import { render, screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, it, vi } from "vitest";
import { secondsLeft } from "../src/components/ProgressLine";
import { Device } from "../src/media/device";
import { Check } from "../src/pages/Check";
import { RoomPage } from "../src/pages/RoomPage";
import type { Room } from "../src/room/room";
import { addCaption, NO_CAPTIONS } from "../src/state/captions";
import type { RoomState } from "../src/state/room";
import { expectAccessible } from "./axe";
import { agreed, roomState } from "./interview";

function show(room: RoomState) {
  const microphone = new Device("microphone");
  const connection: Room = {
    interviewerLevel: () => 0,
    leave: () => Promise.resolve(),
  };
  const handlers = { onRetry: vi.fn(), onLeave: vi.fn() };
  const view = render(
    <RoomPage
      interview={agreed()}
      room={room}
      connection={{ current: connection }}
      microphone={microphone}
      camera={new Device("camera")}
      {...handlers}
    />,
  );
  return { microphone, user: userEvent.setup(), ...handlers, ...view };
}

const live = roomState({ phase: "live", joined: true });

describe("the room", () => {
  it("shows both speakers' words, and has a screen reader read them only when it was asked to", async () => {
    const captions = [
      { type: "said", text: "What did you build?", segment: 1, done: true } as const,
      { type: "heard", text: "A platform.", final: true } as const,
    ].reduce(addCaption, NO_CAPTIONS);
    const unfinished = addCaption(captions, { type: "said", text: "And then?", segment: 2, done: false });
    const { container, user } = show({ ...live, captions: unfinished });
    const log = screen.getByRole("log", { name: "Captions" });
    expect(log).toHaveAttribute("aria-live", "off");
    expect(log).toHaveAttribute("lang", "en-US");
    expect(screen.getByTestId("captions-aloud")).toBeEmptyDOMElement();
    await user.click(screen.getByRole("checkbox"));
    expect(screen.getByTestId("captions-aloud")).toHaveTextContent("What did you build?A platform.");
    expect(within(log).getAllByText("Ada")[0]).toBeVisible();
    expect(log.querySelector("[data-speaker=candidate]")).toHaveTextContent("A platform.");
    await expectAccessible(container);
  });

  it.each([
    [{ interviewer: true, candidate: true }, "Speaking"],
    [{ interviewer: false, candidate: true }, "Listening to you"],
    [{ interviewer: false, candidate: false }, "Listening"],
  ])("says in words who is speaking: %o", (speaking, words) => {
    show({ ...live, speaking });
    expect(screen.getByTestId("interviewer-state")).toHaveTextContent(words);
  });

  it("shows the question and the time left", () => {
    show({ ...live, progress: { question: 2, total: 4, secondsLeft: 600, at: Date.now() } });
    expect(screen.getByTestId("question")).toHaveTextContent("Question 2 of 4");
    expect(screen.getByTestId("time-left")).toHaveTextContent("10 minutes left");
  });

  it("says that it is recorded, and only then", async () => {
    const { container, unmount } = show({ ...live, recording: true });
    expect(screen.getByTestId("recording")).toHaveTextContent("Recording");
    await expectAccessible(container);
    unmount();
    show(live);
    expect(screen.queryByTestId("recording")).toBeNull();
  });

  it("mutes, and says so", async () => {
    const { microphone, user } = show(roomState({ phase: "connecting" }));
    await user.click(screen.getByTestId("mute"));
    expect(microphone.snapshot().muted, "in whatever state the connection is").toBe(true);
    expect(screen.getByText("You are muted")).toBeInTheDocument();
    expect(screen.getByRole("button", { name: "Unmute" })).not.toHaveAttribute("aria-pressed");
    await user.click(screen.getByRole("button", { name: "Unmute" }));
    expect(microphone.snapshot().muted).toBe(false);
  });

  it("asks before it leaves", async () => {
    const { onLeave, user, container } = show(live);
    await user.click(screen.getByTestId("leave"));
    expect(screen.getByRole("dialog", { name: "Leave the interview?" })).toBeVisible();
    await expectAccessible(container);
    await user.click(screen.getByRole("button", { name: "Stay" }));
    expect(screen.queryByRole("dialog")).toBeNull();
    expect(onLeave).not.toHaveBeenCalled();
    await user.click(screen.getByTestId("leave"));
    await user.click(screen.getByTestId("leave-confirm"));
    expect(onLeave).toHaveBeenCalledOnce();
  });

  it("says that it reconnects, and lets the candidate hurry it", async () => {
    const { onRetry, user } = show(roomState({ phase: "reconnecting", joined: true, tries: 1, cause: "dropped" }));
    expect(screen.getAllByRole("status")[0]).toHaveTextContent("The connection was lost");
    await user.click(screen.getByTestId("retry"));
    expect(onRetry).toHaveBeenCalledOnce();
  });

  it("explains when Daily's code can't be loaded", async () => {
    const { container } = show(roomState({ phase: "blocked", block: "dailyCode" }));
    expect(screen.getByRole("alert")).toHaveTextContent("c.daily.co");
    expect(screen.getByTestId("retry")).toBeEnabled();
    await expectAccessible(container);
  });
});

describe("the device check", () => {
  it("lets nobody join without a microphone, and explains why there is none", async () => {
    const { container } = render(
      <Check interview={agreed("preparing")} microphone={new Device("microphone")} camera={new Device("camera")} onJoin={vi.fn()} />,
    );
    expect(screen.getByTestId("join")).toBeDisabled();
    await userEvent.setup().click(screen.getByTestId("allow-microphone"));
    expect(await screen.findByRole("alert")).toHaveTextContent("This page isn’t on a secure connection");
    await expectAccessible(container);
  });
});

describe("secondsLeft", () => {
  it("counts on from what the room said last", () => {
    const progress = { question: 1, total: 2, secondsLeft: 60, at: 1_000_000 };
    expect(secondsLeft(progress, 1_030_000)).toBe(30);
    expect(secondsLeft(progress, 2_000_000)).toBe(0);
    expect(secondsLeft(progress, 900_000)).toBe(60);
  });
});
