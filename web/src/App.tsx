import { useEffect, useState, type Dispatch, type MouseEvent } from "react";
import { Boundary } from "./components/Boundary";
import { Device } from "./media/device";
import { Check } from "./pages/Check";
import { Elsewhere, Left, Opening, Over, Refused, Unreachable, Waiting } from "./pages/Plain";
import { RoomPage } from "./pages/RoomPage";
import { Welcome } from "./pages/Welcome";
import type { Event, State } from "./state/machine";
import { useJoin, type Join } from "./state/useJoin";
import { t } from "./text/strings";

/** @param token of the join link, or null when the page was opened without one */
export function App({ token }: { token: string | null }) {
  const [microphone] = useState(() => new Device("microphone"));
  const [camera] = useState(() => new Device("camera"));
  const join = useJoin(token, microphone);
  const { page } = join.state;
  const needsDevices = page === "check" || page === "room";

  useEffect(() => {
    if (needsDevices) return;
    // The light of a camera that stays on after the end frightens people, and rightly.
    microphone.close();
    camera.close();
  }, [needsDevices, microphone, camera]);

  return (
    <>
      <a className="skip" href="#main" onClick={skip}>
        {t.skip}
      </a>
      <div className={page === "room" ? "frame frame--room" : "frame"}>
        {page !== "room" && (
          <header className="brand">
            <img src="/favicon.svg" alt="" width="28" height="28" />
            {t.product}
          </header>
        )}
        <main id="main" tabIndex={-1}>
          <Boundary>
            <Pages join={join} microphone={microphone} camera={camera} />
          </Boundary>
        </main>
        {page !== "room" && <footer className="foot">{t.footer}</footer>}
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
      return <Welcome {...state} onAgree={() => dispatch({ type: "agree" })} />;
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
