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
  if (room.phase === "live" || room.tries === 0) {
    return room.phase === "reconnecting" ? { title: t.room.phases.reconnecting, body: t.room.dropped } : null;
  }
  const body = room.tries >= MANY_TRIES ? t.room.droppedLong : t.room.dropped;
  return { title: room.joined ? t.room.phases.reconnecting : t.room.phases.connecting, body };
}

function Retry({ label, onRetry }: { label: string; onRetry: () => void }) {
  return (
    <button type="button" className="button button--quiet" data-testid="retry" onClick={onRetry}>
      {label}
    </button>
  );
}
