const KEY = "parley.reloaded";
/** After so long (ms) a reload may help once more. */
const AGAIN_MS = 120_000;

/** Whether the page was last loaded anew so long ago that doing it again is no loop. */
export function mayReload(last: string | null, now: number): boolean {
  return now - Number(last ?? 0) >= AGAIN_MS;
}

/**
 * Loads the page anew where a part of it can't be had, and never resolves then; the link's token is in the tab's
 * storage, so the candidate is where they were.
 *
 * @throws `error` when the page was loaded anew for the same just before, or could not remember that it was
 */
export async function reloadOnce(error: unknown): Promise<never> {
  const now = Date.now();
  if (!mayReload(sessionStorage.getItem(KEY), now)) throw error;
  sessionStorage.setItem(KEY, String(now));
  window.location.reload();
  return new Promise(() => undefined);
}
