import type { RoomState } from "../state/room";
import { useText } from "../text/useText";
import { useLevel } from "./useLevel";

interface PresenceProps {
  readonly name: string;
  readonly room: RoomState;
  readonly read: () => number;
}

/** The interviewer: rings that follow the voice, and words that say the same for those who see no motion. */
export function Presence({ name, room, read }: PresenceProps) {
  const t = useText();
  const mood = moodOf(room);
  const rings = useLevel<HTMLDivElement>(read, room.phase === "live");
  return (
    <div className="presence">
      <div ref={rings} className={`orb orb--${mood}`} aria-hidden="true">
        <span className="orb__ring orb__ring--outer" />
        <span className="orb__ring" />
        <span className="orb__core">
          <i />
          <i />
          <i />
          <i />
          <i />
        </span>
      </div>
      <p className="presence__name">{name}</p>
      <p className="presence__role">{t.room.interviewer}</p>
      <p className={`presence__mood presence__mood--${mood}`} data-testid="interviewer-state">
        {t.room.phases[mood]}
      </p>
    </div>
  );
}

type Mood = "preparing" | "connecting" | "reconnecting" | "blocked" | "speaking" | "hearing" | "listening";

function moodOf(room: RoomState): Mood {
  if (room.phase !== "live") return room.phase;
  if (room.speaking.interviewer) return "speaking";
  return room.speaking.candidate ? "hearing" : "listening";
}
