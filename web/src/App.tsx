import { useEffect, useLayoutEffect, useMemo, useState, type Dispatch, type MouseEvent, type ReactNode } from "react";
import { Boundary } from "./components/Boundary";
import { Device } from "./media/device";
import { Check } from "./pages/Check";
import { Elsewhere, Left, Opening, Over, Refused, Unreachable, Waiting } from "./pages/Plain";
import { RoomPage } from "./pages/RoomPage";
import { Welcome } from "./pages/Welcome";
import type { Event, State } from "./state/machine";
import { useJoin, type Join } from "./state/useJoin";
import { pageLanguage, type PageLanguage } from "./text/strings";
import { PageLanguageContext, useText } from "./text/useText";

/** @param token of the join link, or null when the page was opened without one */
export function App({ token }: { token: string | null }) {
  const [microphone] = useState(() => new Device("microphone"));
  const [camera] = useState(() => new Device("camera"));
  const join = useJoin(token, microphone);
  const { page } = join.state;
  const language = usePageLanguage(join.language);
  const needsDevices = page === "check" || page === "room";

  useEffect(() => {
    if (needsDevices) return;
    // The light of a camera that stays on after the end frightens people, and rightly.
    microphone.close();
    camera.close();
  }, [needsDevices, microphone, camera]);

  return (
    <PageLanguageContext value={language}>
      <Frame room={page === "room"}>
        <Boundary>
          <Pages join={join} microphone={microphone} camera={camera} />
        </Boundary>
      </Frame>
    </PageLanguageContext>
  );
}

/** The interview's language; the browser's, of those that there are words for, until that is known. */
function usePageLanguage(interviews: string | null): PageLanguage {
  const language = useMemo(() => pageLanguage(interviews === null ? navigator.languages : [interviews]), [interviews]);
  // Before a page's heading takes the focus, and a screen reader begins to read in that language.
  useLayoutEffect(() => {
    document.documentElement.lang = language.tag;
  }, [language]);
  return language;
}

/** What stands around each page; around the room there is nothing. */
function Frame({ room, children }: { room: boolean; children: ReactNode }) {
  const t = useText();
  return (
    <>
      <a className="skip" href="#main" onClick={skip}>
        {t.skip}
      </a>
      <div className={room ? "frame frame--room" : "frame"}>
        {!room && (
          <header className="brand">
            <img src="/favicon.svg" alt="" width="28" height="28" />
            {t.product}
          </header>
        )}
        <main id="main" tabIndex={-1}>
          {children}
        </main>
        {!room && <footer className="foot">{t.footer}</footer>}
      </div>
    </>
  );
}

/** Moves the focus without touching the address: its fragment is the link's. */
function skip(event: MouseEvent): void {
  event.preventDefault();
  document.getElementById("main")?.focus();
}

interface PagesProps {
  readonly join: Join;
  readonly microphone: Device;
  readonly camera: Device;
}

function Pages({ join, microphone, camera }: PagesProps) {
  const { state, dispatch } = join;
  switch (state.page) {
    case "check":
      return (
        <Check
          interview={state.interview}
          microphone={microphone}
          camera={camera}
          onJoin={() => dispatch({ type: "join" })}
        />
      );
    case "room":
      return (
        <RoomPage
          interview={state.interview}
          room={state.room}
          connection={join.room}
          microphone={microphone}
          camera={camera}
          onRetry={() => dispatch({ type: "room.retry" })}
          onLeave={join.leave}
        />
      );
    default:
      return <PlainPage state={state} dispatch={dispatch} />;
  }
}

function PlainPage({ state, dispatch }: { state: State; dispatch: Dispatch<Event> }) {
  const retry = (): void => dispatch({ type: "retry" });
  switch (state.page) {
    case "welcome":
      return <Welcome {...state} onAgree={() => dispatch({ type: "agree" })} onDecline={() => dispatch({ type: "decline" })} />;
    case "waiting":
      return <Waiting interview={state.interview} />;
    case "refused":
      return <Refused why={state.why} />;
    case "unreachable":
      return <Unreachable tries={state.tries} fault={state.fault} onRetry={retry} />;
    case "elsewhere":
      return <Elsewhere refused={state.refused} onJoin={retry} />;
    case "left":
      return <Left onBack={retry} />;
    case "over":
      return <Over title={state.title} reason={state.reason} />;
    default:
      return <Opening />;
  }
}
