import { useEffect, useRef, useState, type RefObject } from "react";
import type { JoinInterview } from "../api/types";
import { CaptionLog } from "../components/CaptionLog";
import { Controls } from "../components/Controls";
import { LeaveDialog } from "../components/LeaveDialog";
import { Presence } from "../components/Presence";
import { ProgressLine } from "../components/ProgressLine";
import { RoomNotice } from "../components/RoomNotice";
import { SelfView } from "../components/SelfView";
import { useDevice } from "../components/useDevice";
import { useWakeLock } from "../components/useWakeLock";
import type { Device } from "../media/device";
import type { Room } from "../room/room";
import type { Speaker } from "../state/captions";
import type { RoomState } from "../state/room";

interface RoomPageProps {
  readonly interview: JoinInterview;
  readonly room: RoomState;
  readonly connection: RefObject<Room | null>;
  readonly microphone: Device;
  readonly camera: Device;
  readonly onRetry: () => void;
  readonly onLeave: () => void;
}

/** Who has the floor. */
function speakerOf({ speaking }: RoomState): Speaker | "nobody" {
  if (speaking.interviewer) return "interviewer";
  return speaking.candidate ? "candidate" : "nobody";
}

/** The interview itself. */
export function RoomPage(props: RoomPageProps) {
  const { interview, room, connection, microphone, camera } = props;
  const { muted } = useDevice(microphone);
  const [leaving, setLeaving] = useState(false);
  const heading = useRef<HTMLHeadingElement>(null);
  useWakeLock();

  useEffect(() => {
    document.title = interview.title;
    heading.current?.focus({ preventScroll: true });
  }, [interview.title]);

  return (
    <div className="room" data-testid="room" data-speaking={speakerOf(room)}>
      <header className="room__head">
        <h1 ref={heading} tabIndex={-1} className="room__title" lang={interview.language}>
          {interview.title}
        </h1>
        <ProgressLine progress={room.progress} questions={interview.questions} recording={room.recording} />
      </header>
      <div className="room__body">
        <RoomNotice room={room} microphone={microphone} onRetry={props.onRetry} />
        <div className="stage">
          <Presence name={interview.interviewerName} room={room} read={() => connection.current?.interviewerLevel() ?? 0} />
          <SelfView camera={camera} />
        </div>
        <CaptionLog captions={room.captions} interviewer={interview.interviewerName} language={interview.language} />
      </div>
      <Controls
        muted={muted}
        camera={camera}
        onMute={() => microphone.setMuted(!muted)}
        onLeave={() => setLeaving(true)}
      />
      <LeaveDialog open={leaving} onStay={() => setLeaving(false)} onLeave={props.onLeave} />
    </div>
  );
}
