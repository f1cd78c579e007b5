const KEY = "parley.link";
const TOKEN = /^v1\.[\w-]+\.\d+\.[\w-]+$/;

/**
 * The token of the join link, or null when the page was opened without one.
 *
 * It arrives in the fragment and is moved to the tab's session storage: candidates share their screens and copy their
 * address bars, and a reload must still work. Where storage is refused, the fragment stays.
 */
export function takeToken(location: Location, history: History, storage: () => Storage): string | null {
  const fragment = decode(location.hash.replace(/^#/, "")).trim();
  if (fragment === "") return read(storage);
  // What is no token must not take the place of one that opened the interview before.
  if (looksLikeToken(fragment) && keep(storage, fragment)) history.replaceState(history.state, "", location.pathname + location.search);
  return fragment;
}

/** Whether a token has the shape of one: a link cut short by a mail program is told apart without asking the API. */
export function looksLikeToken(token: string): boolean {
  return TOKEN.test(token);
}

/** As it is where it holds half an escape: a link that was cut short is explained, not a reason to fail. */
function decode(fragment: string): string {
  try {
    return decodeURIComponent(fragment);
  } catch {
    return fragment;
  }
}

function read(storage: () => Storage): string | null {
  try {
    return storage().getItem(KEY);
  } catch {
    // Storage is switched off in this browser: then the fragment was never removed, and none was given.
    return null;
  }
}

function keep(storage: () => Storage, token: string): boolean {
  try {
    storage().setItem(KEY, token);
    return true;
  } catch {
    return false;
  }
}
