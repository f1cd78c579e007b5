/**
 * Sound that the browser holds back: until the page is touched for the first time, while a phone call has the audio, or
 * after the phone was locked. Each is tried again when the page is touched or seen again; a store for
 * `useSyncExternalStore` says whether the candidate has to touch it.
 */
export class SoundGate {
  private readonly held = new Map<object, () => Promise<void>>();
  private readonly listeners = new Set<() => void>();

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  /** Whether some sound is held back now. */
  readonly snapshot = (): boolean => this.held.size > 0;

  /** `owner` makes no sound until `start` succeeds. */
  hold(owner: object, start: () => Promise<void>): void {
    if (this.held.size === 0) this.listen(true);
    this.held.set(owner, start);
    this.tell();
  }

  /** `owner` sounds again, or will never again. */
  release(owner: object): void {
    if (!this.held.delete(owner)) return;
    if (this.held.size === 0) this.listen(false);
    this.tell();
  }

  /** Tries all that is held back once more; best called in an event that the browser takes for a touch. */
  readonly open = (): void => {
    for (const [owner, start] of [...this.held]) {
      start().then(
        () => this.release(owner),
        // Refused once more: it stays held, and the page goes on to say so.
        () => undefined,
      );
    }
  };

  private readonly seen = (): void => {
    if (document.visibilityState === "visible") this.open();
  };

  private listen(on: boolean): void {
    const change = on ? "addEventListener" : "removeEventListener";
    for (const type of ["pointerdown", "keydown"] as const) window[change](type, this.open);
    document[change]("visibilitychange", this.seen);
  }

  private tell(): void {
    for (const listener of this.listeners) listener();
  }
}

export const soundGate = new SoundGate();

/** Holds the context at the gate whenever it does not run, from now until it is closed. */
export function keepRunning(context: AudioContext, gate: SoundGate = soundGate): void {
  const resume = async (): Promise<void> => {
    await context.resume();
    // Safari's "interrupted" resolves at once and stays as it is.
    if (context.state !== "running") throw new DOMException("The audio does not run", "NotAllowedError");
  };
  const check = (): void => {
    if (context.state === "running" || context.state === "closed") gate.release(context);
    else gate.hold(context, resume);
  };
  context.addEventListener("statechange", check);
  check();
}
