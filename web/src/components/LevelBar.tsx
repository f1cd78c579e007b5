import { useEffect, useRef, useState } from "react";
import { LevelMeter } from "../media/audio";
import { useText } from "../text/useText";

/** How often the meter's value is told to assistive technology, and hearing is judged (ms). */
const SAMPLE_MS = 100;
/** Above this the sound counts as a voice. */
const HEARD = 0.35;

interface LevelBarProps {
  readonly stream: MediaStream;
  readonly onHeard: () => void;
}

/** The microphone's level as a bar of cells. It moves with the voice alone, so it moves under reduced motion too. */
export function LevelBar({ stream, onHeard }: LevelBarProps) {
  const t = useText();
  const [level, setLevel] = useState(0);
  const heard = useRef(onHeard);
  useEffect(() => {
    heard.current = onHeard;
  }, [onHeard]);
  useEffect(() => {
    const meter = LevelMeter.ofStream(stream);
    const timer = setInterval(() => {
      const now = meter?.read() ?? 0;
      setLevel(now);
      if (now > HEARD) heard.current();
    }, SAMPLE_MS);
    return () => {
      clearInterval(timer);
      meter?.close();
    };
  }, [stream]);
  const percent = Math.round(level * 100);
  return (
    <div
      className="levelbar"
      role="meter"
      aria-label={t.check.level}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={percent}
    >
      {Array.from({ length: 20 }, (_, cell) => (
        <span key={cell} className={cell * 5 < percent ? "levelbar__cell levelbar__cell--on" : "levelbar__cell"} />
      ))}
    </div>
  );
}
