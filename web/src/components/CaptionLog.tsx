import { useEffect, useMemo, useRef, useState } from "react";
import { exchanges, type Captions, type Exchange } from "../state/captions";
import { useTag, useText } from "../text/useText";

/** Nearer to the end than this (px), the log follows what is said. */
const FOLLOW_PX = 60;
const ALOUD_LINES = 5;

interface CaptionLogProps {
  readonly captions: Captions;
  readonly interviewer: string;
  /** BCP 47: captions are in the interview's language, whatever the page's is. */
  readonly language: string;
}

/**
 * What both say, as it comes. Scrolling back stops it from following until the end is reached again.
 *
 * A screen reader is silent about it until it is asked to read: it would talk over the interviewer, and through a
 * speaker the microphone would hear it and take it for the candidate's answer.
 */
export function CaptionLog({ captions, interviewer, language }: CaptionLogProps) {
  const t = useText();
  const tag = useTag();
  const log = useRef<HTMLDivElement>(null);
  const [following, setFollowing] = useState(true);
  const [aloud, setAloud] = useState(false);
  const runs = useMemo(() => exchanges(captions), [captions]);

  const toEnd = (): void => {
    if (log.current) log.current.scrollTop = log.current.scrollHeight;
  };
  useEffect(() => {
    if (following) toEnd();
  }, [runs, following]);

  return (
    <section className="captions" aria-labelledby="captions-title">
      <div className="captions__head">
        <h2 id="captions-title" className="captions__title">
          {t.room.captions}
        </h2>
        <label className="captions__aloud">
          <input type="checkbox" checked={aloud} onChange={(event) => setAloud(event.target.checked)} />
          {t.room.aloud}
        </label>
      </div>
      <div className="visually-hidden" aria-live="polite" lang={language} data-testid="captions-aloud">
        {aloud && <Aloud captions={captions} />}
      </div>
      {/* A region that scrolls must be reachable by keyboard. */}
      <div
        ref={log}
        className="captions__log"
        role="log"
        aria-live="off"
        aria-labelledby="captions-title"
        lang={language}
        data-testid="captions"
        // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
        tabIndex={0}
        onScroll={(event) => {
          const { scrollHeight, scrollTop, clientHeight } = event.currentTarget;
          setFollowing(scrollHeight - scrollTop - clientHeight < FOLLOW_PX);
        }}
      >
        {runs.length === 0 && <p className="captions__empty" lang={tag}>{t.room.noCaptions}</p>}
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

/** Lines that nothing changes any more, the newest few: each is read once, when it is added. */
function Aloud({ captions }: { captions: Captions }) {
  return captions.lines
    .filter((line) => !line.open)
    .slice(-ALOUD_LINES)
    .map((line) => <p key={line.id}>{line.text}</p>);
}

function Lines({ run, interviewer }: { run: Exchange; interviewer: string }) {
  const t = useText();
  const tag = useTag();
  return (
    <div className={`exchange exchange--${run.speaker}`} data-speaker={run.speaker}>
      <p className="exchange__who" lang={run.speaker === "candidate" ? tag : undefined}>
        {run.speaker === "interviewer" ? interviewer : t.room.you}
      </p>
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
