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
  const setMuted = vi.fn();
  const connection: Room = {
    setMuted,
    interviewerLevel: () => 0,
    microphoneChanged: () => Promise.resolve(),
    leave: () => Promise.resolve(),
  };
  const handlers = { onRetry: vi.fn(), onLeave: vi.fn() };
  const view = render(
    <RoomPage
      interview={agreed()}
      room={room}
      connection={{ current: connection }}
      microphone={new Device("microphone")}
      camera={new Device("camera")}
      {...handlers}
    />,
  );
  return { setMuted, user: userEvent.setup(), ...handlers, ...view };
}

const live = roomState({ phase: "live", joined: true });

describe("the room", () => {
  it("shows both speakers' words in a polite live region", async () => {
    const captions = [
      { type: "said", text: "What did you build?", segment: 1, done: true } as const,
      { type: "heard", text: "A platform.", final: true } as const,
    ].reduce(addCaption, NO_CAPTIONS);
    const { container } = show({ ...live, captions });
    const log = screen.getByRole("log", { name: "Captions" });
    expect(log).toHaveAttribute("aria-live", "polite");
    expect(within(log).getByText("Ada")).toBeVisible();
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

  it("mutes, and says so", async () => {
    const { setMuted, user } = show(live);
    await user.click(screen.getByTestId("mute"));
    expect(setMuted).toHaveBeenLastCalledWith(true);
    expect(screen.getByText("You are muted")).toBeInTheDocument();
    await user.click(screen.getByRole("button", { name: "Unmute" }));
    expect(setMuted).toHaveBeenLastCalledWith(false);
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
    const { onRetry, user } = show(roomState({ phase: "reconnecting", joined: true, tries: 1 }));
    expect(screen.getByText(/The connection was lost/)).toBeVisible();
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
    expect(await screen.findByRole("alert")).toHaveTextContent(/secure connection|browser/);
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
