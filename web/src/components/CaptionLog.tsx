import { useEffect, useMemo, useRef, useState } from "react";
import { exchanges, type Captions, type Exchange } from "../state/captions";
import { t } from "../text/strings";

/** Nearer to the end than this (px), the log follows what is said. */
const FOLLOW_PX = 60;

interface CaptionLogProps {
  readonly captions: Captions;
  readonly interviewer: string;
}

/** What both say, as it comes. Scrolling back stops it from following until the end is reached again. */
export function CaptionLog({ captions, interviewer }: CaptionLogProps) {
  const log = useRef<HTMLDivElement>(null);
  const [following, setFollowing] = useState(true);
  const runs = useMemo(() => exchanges(captions), [captions]);

  const toEnd = (): void => {
    if (log.current) log.current.scrollTop = log.current.scrollHeight;
  };
  useEffect(() => {
    if (following) toEnd();
  }, [runs, following]);

  return (
    <section className="captions" aria-labelledby="captions-title">
      <h2 id="captions-title" className="captions__title">
        {t.room.captions}
      </h2>
      {/* A region that scrolls must be reachable by keyboard. */}
      <div
        ref={log}
        className="captions__log"
        role="log"
        aria-live="polite"
        aria-labelledby="captions-title"
        data-testid="captions"
        // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
        tabIndex={0}
        onScroll={(event) => {
          const { scrollHeight, scrollTop, clientHeight } = event.currentTarget;
          setFollowing(scrollHeight - scrollTop - clientHeight < FOLLOW_PX);
        }}
      >
        {runs.length === 0 && <p className="captions__empty">{t.room.noCaptions}</p>}
        {runs.map((run) => (
          <Lines key={run.id} run={run} interviewer={interviewer} />
        ))}
      </div>
      {!following && (
        <button type="button" className="captions__latest" onClick={toEnd}>
          {t.room.toLatest}
        </button>
      )}
    </section>
  );
}

function Lines({ run, interviewer }: { run: Exchange; interviewer: string }) {
  return (
    <div className={`exchange exchange--${run.speaker}`} data-speaker={run.speaker}>
      <p className="exchange__who">{run.speaker === "interviewer" ? interviewer : t.room.you}</p>
      <p className="exchange__text">
        {run.lines.map((line) => (
          <span key={line.id} className={line.open ? "line line--open" : "line"}>
            {line.text}{" "}
          </span>
        ))}
      </p>
    </div>
  );
}
