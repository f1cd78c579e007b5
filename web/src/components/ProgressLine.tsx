import { useEffect, useState } from "react";
import type { Progress } from "../state/room";
import { minutes } from "../text/format";
import { useText } from "../text/useText";
import { Icon } from "./Icon";

const TICK_MS = 1000;

interface ProgressLineProps {
  readonly progress: Progress | null;
  /** How many questions there are, for the time before the room says where it is. */
  readonly questions: number;
  readonly recording: boolean;
}

/** Question n of m, and the time left in whole minutes: a clock that counts seconds makes people nervous. */
export function ProgressLine({ progress, questions, recording }: ProgressLineProps) {
  const t = useText();
  const now = useNow(progress !== null);
  const total = progress?.total ?? questions;
  const question = progress?.question ?? 0;
  return (
    <div className="progress">
      <p className="progress__question" data-testid="question">
        {question > 0 ? t.room.question(question, total) : t.room.warmUp(total)}
      </p>
      {recording && (
        <p className="progress__recording" role="status" data-testid="recording">
          {t.room.recording}
        </p>
      )}
      <span className="progress__bar" aria-hidden="true">
        {Array.from({ length: Math.min(total, 20) }, (_, index) => (
          <i key={index} className={index < (question * Math.min(total, 20)) / total ? "done" : undefined} />
        ))}
      </span>
      <p className="progress__time" role="timer" data-testid="time-left">
        {progress && (
          <>
            <Icon name="clock" />
            {t.room.left(minutes(secondsLeft(progress, now)))}
          </>
        )}
      </p>
    </div>
  );
}

/** Seconds left now: the room says it only when something happens. */
export function secondsLeft(progress: Progress, now: number): number {
  return Math.max(0, progress.secondsLeft - Math.max(0, now - progress.at) / 1000);
}

function useNow(running: boolean): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    if (!running) return undefined;
    const timer = setInterval(() => setNow(Date.now()), TICK_MS);
    return () => clearInterval(timer);
  }, [running]);
  return now;
}
