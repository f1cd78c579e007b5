import type { Device } from "../media/device";
import type { RoomState } from "../state/room";
import { t, type Message } from "../text/strings";
import { Notice } from "./Notice";
import { useDevice } from "./useDevice";

/** After so many failed connections the candidate is told what may be wrong. */
const MANY_TRIES = 4;

interface RoomNoticeProps {
  readonly room: RoomState;
  readonly microphone: Device;
  readonly onRetry: () => void;
  readonly onMicrophone: () => void;
}

/** What stands between the candidate and the interviewer, and what to do about it. Nothing while all is well. */
export function RoomNotice({ room, microphone, onRetry, onMicrophone }: RoomNoticeProps) {
  const { state } = useDevice(microphone);
  if (room.block === "dailyCode") {
    return (
      <Notice message={t.room.dailyCode}>
        <Retry label={t.tryAgain} onRetry={onRetry} />
      </Notice>
    );
  }
  if (state.status === "failed" || room.block === "microphone") {
    const reopen = (): void => void microphone.open().then(room.block ? onRetry : onMicrophone);
    const message = state.status === "failed" ? t.deviceProblems.microphone[state.problem] : LOST;
    return (
      <Notice icon="mic" message={message}>
        <Retry label={t.check.allowMicrophone} onRetry={reopen} />
      </Notice>
    );
  }
  const waiting = waitingMessage(room);
  if (waiting === null) return null;
  return (
    <Notice tone="info" icon="wifi" message={waiting}>
      <Retry label={t.tryNow} onRetry={onRetry} />
    </Notice>
  );
}

const LOST: Message = { title: t.room.phases.blocked, body: t.room.microphoneLost };

function waitingMessage(room: RoomState): Message | null {
  const title = t.room.phases[room.joined ? "reconnecting" : "connecting"];
  if (room.phase === "live") return null;
  if (room.tries >= MANY_TRIES) return { title, body: t.room.droppedLong };
  if (room.phase === "reconnecting") return { title, body: t.room.dropped };
  if (room.tries > 0) return { title, body: t.room.notYet };
  const long = room.phase === "preparing" && room.entry > MANY_TRIES;
  return long ? { title: t.room.phases.preparing, body: t.room.preparingLong } : null;
}

function Retry({ label, onRetry }: { label: string; onRetry: () => void }) {
  return (
    <button type="button" className="button button--quiet" data-testid="retry" onClick={onRetry}>
      {label}
    </button>
  );
}
