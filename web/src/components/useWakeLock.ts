import { useEffect } from "react";

/** Keeps the screen on: nobody touches a phone in a spoken interview, and a locked one hears and says nothing. */
export function useWakeLock(): void {
  useEffect(() => {
    let lock: WakeLockSentinel | null = null;
    let over = false;
    const ask = async (): Promise<void> => {
      try {
        // Missing before Safari 16.4 and Firefox 126, whatever the DOM types say.
        const given = await (navigator as Partial<Navigator>).wakeLock?.request("screen");
        if (over) await given?.release();
        else lock = given ?? null;
      } catch {
        // Refused, as by a battery that is nearly empty: the phone's own rules apply.
      }
    };
    // The browser takes the lock back whenever the page is out of sight.
    const seen = (): void => {
      if (document.visibilityState === "visible") void ask();
    };
    void ask();
    document.addEventListener("visibilitychange", seen);
    return () => {
      over = true;
      document.removeEventListener("visibilitychange", seen);
      void lock?.release();
    };
  }, []);
}
