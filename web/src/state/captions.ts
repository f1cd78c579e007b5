/** Who said a line. */
export type Speaker = "interviewer" | "candidate";

/** One line of the captions. `open` lines may still change. */
export interface Caption {
  readonly id: number;
  readonly speaker: Speaker;
  readonly text: string;
  readonly open: boolean;
  /** The bot's own number of the segment, where it sends one. */
  readonly segment: number | null;
}

export interface Captions {
  readonly lines: readonly Caption[];
  readonly nextId: number;
}

/** What the room reports of speech, in the order in which it arrives. */
export type CaptionEvent =
  | { readonly type: "heard"; readonly text: string; readonly final: boolean }
  | { readonly type: "said"; readonly text: string; readonly segment: number | null; readonly done: boolean }
  /** The interviewer was cut short: what it has not said is not said any more. */
  | { readonly type: "interrupted" };

/** Enough for the longest interview; beyond it the oldest lines go, so that the page stays light. */
const MAX_LINES = 400;

export const NO_CAPTIONS: Captions = { lines: [], nextId: 1 };

export function addCaption(captions: Captions, event: CaptionEvent): Captions {
  if (event.type === "interrupted") return closeLines(captions, "interviewer");
  const text = event.text.trim();
  if (text === "") return captions;
  return event.type === "heard" ? heard(captions, text, event.final) : said(captions, text, event);
}

/** Nothing changes these lines any more: without a speaker, both speakers'; those before the line `before`. */
export function closeLines(captions: Captions, speaker?: Speaker, before = Infinity): Captions {
  const closes = (line: Caption): boolean =>
    line.open && line.id < before && (speaker === undefined || line.speaker === speaker);
  if (!captions.lines.some(closes)) return captions;
  return { ...captions, lines: captions.lines.map((line) => (closes(line) ? { ...line, open: false } : line)) };
}

/** Interim recognitions of one utterance replace each other; a final one closes the line. */
function heard(captions: Captions, text: string, final: boolean): Captions {
  const last = captions.lines.findLast((line) => line.speaker === "candidate");
  if (last?.open) return replace(captions, { ...last, text, open: !final });
  return append(captions, { speaker: "candidate", text, open: !final, segment: null });
}

/**
 * A segment is announced when it is about to be spoken, and told of once more when it was: then it may have another
 * number, and only its words tell that it is the last line. What was announced before it is said no more.
 */
function said(captions: Captions, text: string, event: { segment: number | null; done: boolean }): Captions {
  const { segment, done } = event;
  const lines = captions.lines.filter((line) => line.speaker === "interviewer");
  const last = lines.at(-1);
  const isLast = last !== undefined && (done || segment === null) && sameWords(last.text, text);
  // The word that a sentence was spoken may come after the interruption that closed its line.
  if (isLast && done && !last.open) return captions;
  const numbered = lines.findLast((line) => line.open && segment !== null && line.segment === segment);
  const known = numbered ?? (isLast && last.open ? last : null);
  if (!known) return append(captions, { speaker: "interviewer", text, open: !done, segment });
  const next = replace(captions, { ...known, text, open: !done });
  return done ? closeLines(next, "interviewer", known.id) : next;
}

function sameWords(a: string, b: string): boolean {
  return a.replace(/\s+/g, " ") === b.replace(/\s+/g, " ");
}

function append(captions: Captions, line: Omit<Caption, "id">): Captions {
  const lines = [...captions.lines, { ...line, id: captions.nextId }].slice(-MAX_LINES);
  return { lines, nextId: captions.nextId + 1 };
}

function replace(captions: Captions, line: Caption): Captions {
  return { ...captions, lines: captions.lines.map((other) => (other.id === line.id ? line : other)) };
}

/** Lines in runs of one speaker, as they are shown. */
export interface Exchange {
  readonly id: number;
  readonly speaker: Speaker;
  readonly lines: readonly Caption[];
}

export function exchanges(captions: Captions): readonly Exchange[] {
  const runs: { id: number; speaker: Speaker; lines: Caption[] }[] = [];
  for (const line of captions.lines) {
    const run = runs.at(-1);
    if (run?.speaker === line.speaker) run.lines.push(line);
    else runs.push({ id: line.id, speaker: line.speaker, lines: [line] });
  }
  return runs;
}
