import type { When } from "./machine";

const FIRST_MS = 500;
const LONGEST_MS = 15_000;
/** A timer this long or longer is cut: clocks change, laptops sleep, the window may be moved. */
const LONGEST_WAIT_MS = 60_000;
const SHORTEST_WAIT_MS = 1000;
/** Over this time (ms) those come who all wait for the same moment. */
const SPREAD_MS = 5000;

/**
 * Milliseconds to wait.
 *
 * @param now the local clock (ms since the epoch)
 * @param chance a number in [0, 1)
 */
export function delayOf(when: When, now: number, chance: number): number {
  switch (when.after) {
    case "now":
      return 0;
    case "ms":
      // No longer than a timer can be, and a little later than asked: all were told the same.
      return Math.min(LONGEST_WAIT_MS, when.ms) * (1 + chance / 4);
    case "failures":
      return Math.min(LONGEST_MS, FIRST_MS * 2 ** (when.count - 1)) * (0.5 + chance / 2);
    case "time":
      // The candidate's clock may be wrong: never sooner than a second, never later than a minute, then ask again.
      return Math.min(LONGEST_WAIT_MS, Math.max(SHORTEST_WAIT_MS, Date.parse(when.at) - now)) + chance * SPREAD_MS;
  }
}

/** Resolves after `ms`; rejects with the signal's reason when it is aborted before. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(signal.reason as Error);
      return;
    }
    const timer = setTimeout(done, ms);
    function stop() {
      clearTimeout(timer);
      reject(signal.reason as Error);
    }
    function done() {
      signal.removeEventListener("abort", stop);
      resolve();
    }
    signal.addEventListener("abort", stop, { once: true });
  });
}
