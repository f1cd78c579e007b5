import { primary } from "./strings";

/**
 * By whose habits a page in a language writes dates: the candidate's own where the browser speaks it too (en-GB for a page
 * in en-US), else those of the language's tag.
 */
export function habits(tag: string, preferred: readonly string[] = navigator.languages): string {
  return preferred.find((own) => primary(own) === primary(tag)) ?? tag;
}

/** A moment in the candidate's own zone and habits: "Tuesday, 24 November 2026 at 14:30". */
export function moment(iso: string, locale: string): string {
  return new Intl.DateTimeFormat(locale, { dateStyle: "full", timeStyle: "short" }).format(new Date(iso));
}

/** The same, short: "24 Nov 2026, 14:30". */
export function shortMoment(iso: string, locale: string): string {
  return new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "short" }).format(new Date(iso));
}

export function timeZone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone.replaceAll("_", " ");
}

/** "American English" for en-US on a page in English; the tag itself where the browser has no name. */
export function languageName(tag: string, locale: string): string {
  try {
    return new Intl.DisplayNames([locale], { type: "language" }).of(tag) ?? tag;
  } catch {
    // A tag that is no BCP 47: show what the template says.
    return tag;
  }
}

/** Whole minutes, rounded up, so that nobody is told of less time than there is. */
export function minutes(seconds: number): number {
  return Math.ceil(seconds / 60);
}
