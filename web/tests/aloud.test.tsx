import { render, screen } from "@testing-library/react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { RoomNotice } from "../src/components/RoomNotice";
import { Device } from "../src/media/device";
import { Over } from "../src/pages/Plain";
import type { RoomState } from "../src/state/room";
import { ENGLISH, endOf, pageLanguage, TEXTS, type PageLanguage } from "../src/text/strings";
import { PageLanguageContext } from "../src/text/useText";
import { roomState } from "./interview";

const voice = { speak: vi.fn(), cancel: vi.fn() };

class Utterance {
  lang = "";
  constructor(readonly text: string) {}
}

function notice(room: RoomState, language = ENGLISH) {
  return (
    <PageLanguageContext value={language}>
      <RoomNotice room={room} microphone={new Device("microphone")} onRetry={vi.fn()} />
    </PageLanguageContext>
  );
}

function over(reason: string, language = ENGLISH) {
  return (
    <PageLanguageContext value={language}>
      <Over title={null} reason={reason} />
    </PageLanguageContext>
  );
}

function utterances(): Utterance[] {
  return voice.speak.mock.calls.map((call) => call[0] as Utterance);
}

function said(): string[] {
  return utterances().map(({ text }) => text);
}

const t = ENGLISH.text;
/** As interviews have them, with a region: it chooses among the voices of a language. */
const LANGUAGES: readonly PageLanguage[] = Object.keys(TEXTS).map((primary) => pageLanguage([`${primary}-XX`]));

describe("what the browser says where the interviewer can't", () => {
  beforeEach(() => {
    vi.stubGlobal("speechSynthesis", voice);
    vi.stubGlobal("SpeechSynthesisUtterance", Utterance);
  });
  afterEach(() => {
    vi.unstubAllGlobals();
    vi.clearAllMocks();
  });

  const gone = roomState({ phase: "reconnecting", joined: true, cause: null });

  it("says once that the interviewer comes back, and stops when it has", () => {
    const view = render(notice(gone));
    view.rerender(notice({ ...gone, entry: gone.entry + 1 }));
    expect(said()).toEqual([t.room.replaced]);
    view.rerender(notice({ ...gone, phase: "live" }));
    expect(voice.cancel).toHaveBeenCalledOnce();
  });

  it.each([
    ["the candidate's own connection is lost", roomState({ phase: "reconnecting", joined: true, cause: "dropped" })],
    ["the interviewer has not come yet", roomState({ phase: "preparing", joined: false, cause: null })],
    ["all is well", roomState({ phase: "live", joined: true })],
  ])("is silent while %s", (_when, room) => {
    render(notice(room));
    expect(said()).toEqual([]);
  });

  it("says that a technical fault ended the interview, and nothing at another end", () => {
    render(over("Completed"));
    expect(said()).toEqual([]);
    render(over("TechnicalFault"));
    expect(said()).toEqual([endOf(t, "TechnicalFault")]);
  });

  it.each(LANGUAGES)("speaks the interview's language: $tag", (language) => {
    const { replaced } = language.text.room;
    const fault = endOf(language.text, "TechnicalFault");
    render(notice(gone, language));
    render(over("TechnicalFault", language));
    expect(utterances()).toMatchObject([
      { text: replaced, lang: language.tag },
      { text: fault, lang: language.tag },
    ]);
  });

  it.each(LANGUAGES)("shows the same words where the browser has no voice: $tag", (language) => {
    vi.stubGlobal("speechSynthesis", undefined);
    render(notice(gone, language));
    render(over("TechnicalFault", language));
    expect(said()).toEqual([]);
    expect(screen.getByText(language.text.room.replaced)).toBeVisible();
    expect(screen.getByText(endOf(language.text, "TechnicalFault"))).toBeVisible();
  });
});
