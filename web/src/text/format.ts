/** A moment in the candidate's own zone and habits: "Tuesday, 24 November 2026 at 14:30". */
export function moment(iso: string, locale?: string): string {
  return new Intl.DateTimeFormat(locale, { dateStyle: "full", timeStyle: "short" }).format(new Date(iso));
}

/** The same, short: "24 Nov 2026, 14:30". */
export function shortMoment(iso: string, locale?: string): string {
  return new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "short" }).format(new Date(iso));
}

export function timeZone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone.replaceAll("_", " ");
}

/** "English (United States)" for en-US, in the page's language; the tag itself where the browser has no name. */
export function languageName(tag: string, locale = "en"): string {
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
