import { useSyncExternalStore } from "react";
import type { Device, DeviceState } from "../media/device";
import { soundGate } from "../media/gate";
import type { RoomState } from "../state/room";
import type { Message, Text } from "../text/strings";
import { useText } from "../text/useText";
import { DeviceChoice } from "./DeviceChoice";
import { FleetingButton } from "./FleetingButton";
import { Notice } from "./Notice";
import { useAloud } from "./useAloud";
import { useDevice } from "./useDevice";

/** After so many failed connections the candidate is told what may be wrong. */
const MANY_TRIES = 4;

interface RoomNoticeProps {
  readonly room: RoomState;
  readonly microphone: Device;
  readonly onRetry: () => void;
}

/** What stands between the candidate and the interviewer, and what to do about it. Nothing while all is well. */
export function RoomNotice({ room, microphone, onRetry }: RoomNoticeProps) {
  const t = useText();
  const { state } = useDevice(microphone);
  const heldBack = useSyncExternalStore(soundGate.subscribe, soundGate.snapshot);
  const waiting = waitingMessage(room, t);
  useAloud(interviewerGone(room) ? t.room.replaced : null);
  return (
    <>
      {/* Always there, so that a change of its text is spoken. */}
      <p className="visually-hidden" role="status">
        {waiting && `${waiting.title} ${waiting.body}`}
      </p>
      <Shown room={room} state={state} heldBack={heldBack} waiting={waiting} microphone={microphone} onRetry={onRetry} />
    </>
  );
}

interface ShownProps extends RoomNoticeProps {
  readonly state: DeviceState;
  readonly heldBack: boolean;
  readonly waiting: Message | null;
}

/** One thing at a time: first what only the candidate can mend. */
function Shown({ room, state, heldBack, waiting, microphone, onRetry }: ShownProps) {
  const t = useText();
  if (room.block === "dailyCode") {
    return (
      <Notice message={t.room.dailyCode}>
        <Retry label={t.tryAgain} onRetry={onRetry} />
      </Notice>
    );
  }
  if (state.status === "failed" || room.block === "microphone") {
    const reopen = async (): Promise<void> => {
      await microphone.open();
      if (room.block) onRetry();
    };
    const lost = { title: t.room.phases.blocked, body: t.room.microphoneLost };
    return (
      <Notice icon="mic" message={state.status === "failed" ? t.deviceProblems.microphone[state.problem] : lost}>
        <DeviceChoice device={microphone} />
        <Retry label={t.check.allowMicrophone} onRetry={() => void reopen()} />
      </Notice>
    );
  }
  if (waiting) {
    return (
      <Notice tone="info" icon="wifi" message={waiting}>
        <Retry label={t.tryNow} onRetry={onRetry} />
      </Notice>
    );
  }
  if (room.phase !== "live") return null;
  if (heldBack) {
    return (
      <Notice icon="speaker" message={t.room.heldBack}>
        <Retry label={t.room.goOn} onRetry={soundGate.open} />
      </Notice>
    );
  }
  return state.status === "on" && state.silenced ? <Notice icon="mic" message={t.room.silenced} /> : null;
}

/** Whether it is the interviewer who is waited for, in the midst of the conversation. */
function interviewerGone(room: RoomState): boolean {
  return room.joined && room.phase === "reconnecting" && room.cause === null;
}

function waitingMessage(room: RoomState, t: Text): Message | null {
  if (room.phase === "live" || room.phase === "blocked") return null;
  const title = t.room.phases[room.joined ? "reconnecting" : "connecting"];
  if (room.cause === "fault") return { title, body: t.room.fault };
  if (room.cause !== null && room.tries >= MANY_TRIES) return { title, body: t.room.droppedLong };
  if (room.phase === "reconnecting") return { title, body: interviewerGone(room) ? t.room.replaced : t.room.dropped };
  if (room.cause !== null) return { title, body: t.room.notYet };
  if (room.queued) return { title: t.room.phases.preparing, body: t.room.queued };
  const long = room.phase === "preparing" && room.entry > MANY_TRIES;
  return long ? { title: t.room.phases.preparing, body: t.room.preparingLong } : null;
}

function Retry({ label, onRetry }: { label: string; onRetry: () => void }) {
  return (
    <FleetingButton className="button button--quiet" data-testid="retry" onClick={onRetry}>
      {label}
    </FleetingButton>
  );
}
