import { useCallback, useEffect, useMemo, useReducer, useRef, type Dispatch, type RefObject } from "react";
import { ApiError, JoinApi } from "../api/client";
import { loadConfig } from "../config";
import { looksLikeToken } from "../link";
import type { Device } from "../media/device";
import { openRoom } from "../room/open";
import type { Room, RoomListener } from "../room/room";
import { delayOf, pause } from "./delay";
import { ARRIVAL, follow, workOf, type Event, type State, type Work } from "./machine";
import type { RoomPhase } from "./room";

export interface Join {
  readonly state: State;
  /** The interview's, a BCP 47 tag; null until it was read. */
  readonly language: string | null;
  readonly dispatch: Dispatch<Event>;
  /** The connection of now, null between two. */
  readonly room: RefObject<Room | null>;
  /** Leaves the room for good. */
  readonly leave: () => void;
}

/** Runs the state machine: performs the work that each state calls for, one piece at a time. */
export function useJoin(token: string | null, microphone: Device): Join {
  const [{ state, language }, dispatch] = useReducer(follow, ARRIVAL);
  const room = useRef<Room | null>(null);
  const shell = useMemo(() => new Shell(token, microphone, room, dispatch), [token, microphone]);
  const work = workOf(state);
  const key = work?.key ?? null;

  useEffect(() => {
    if (work === null) return undefined;
    const abort = new AbortController();
    void shell.perform(work, abort.signal);
    return () => abort.abort();
    // The key stands for the work: a new object for the same work must not begin it again.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [key, shell]);

  useNetwork(state.page === "room" ? state.room.phase : null, dispatch);

  const leave = useCallback(() => {
    void room.current?.leave(true);
    dispatch({ type: "leave" });
  }, []);
  return { state, language, dispatch, room, leave };
}

/** A network that goes closes no socket by itself, and one that comes back need not be waited for. */
function useNetwork(phase: RoomPhase | null, dispatch: Dispatch<Event>): void {
  useEffect(() => {
    if (phase !== "live" && phase !== "reconnecting") return undefined;
    const [type, event]: [string, Event] =
      phase === "live" ? ["offline", { type: "room.lost", loss: "dropped" }] : ["online", { type: "room.retry" }];
    const tell = (): void => dispatch(event);
    window.addEventListener(type, tell);
    return () => window.removeEventListener(type, tell);
  }, [phase, dispatch]);
}

class Shell {
  private api: JoinApi | null = null;

  constructor(
    private readonly token: string | null,
    private readonly microphone: Device,
    private readonly room: RefObject<Room | null>,
    private readonly dispatch: Dispatch<Event>,
  ) {}

  async perform(work: Work, signal: AbortSignal): Promise<void> {
    try {
      if ("when" in work) await pause(delayOf(work.when, Date.now(), Math.random()), signal);
      await this.run(work, signal);
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof ApiError)) console.error(error);
      this.dispatch({ type: "failed", failure: error instanceof ApiError ? error.failure : { kind: "fault" } });
    }
  }

  private async run(work: Work, signal: AbortSignal): Promise<void> {
    if (this.token === null) {
      this.dispatch({ type: "linkMissing" });
      return;
    }
    if (!looksLikeToken(this.token)) {
      this.dispatch({ type: "linkMalformed" });
      return;
    }
    this.api ??= new JoinApi((await loadConfig(signal)).apiUrl, this.token);
    switch (work.do) {
      case "load":
        this.dispatch({ type: "loaded", interview: await this.api.interview(signal) });
        break;
      case "consent":
        await this.api.consent(work.version, signal);
        this.dispatch({ type: "agreed" });
        break;
      case "connect":
        await this.connect(this.api, signal);
        break;
    }
  }

  private async connect(api: JoinApi, signal: AbortSignal): Promise<void> {
    if (this.microphone.stream === null) {
      this.dispatch({ type: "room.lost", loss: "microphone" });
      return;
    }
    const grant = await api.connect(signal);
    this.dispatch({ type: "room.connecting" });
    const room = await openRoom(grant, this.microphone, this.listener(signal));
    if (signal.aborted) {
      await room.leave(false);
      return;
    }
    this.room.current = room;
    signal.addEventListener("abort", () => {
      if (this.room.current === room) this.room.current = null;
      void room.leave(false);
    });
  }

  /** Passes on what the room says, as long as it is the room of now. */
  private listener(signal: AbortSignal): RoomListener {
    const tell = (event: Event): void => {
      if (!signal.aborted) this.dispatch(event);
    };
    return {
      onLive: () => tell({ type: "room.live" }),
      onLost: (loss) => tell({ type: "room.lost", loss }),
      onEnded: (reason) => tell({ type: "room.ended", reason }),
      onProgress: (progress) => tell({ type: "room.progress", progress }),
      onRecording: (on) => tell({ type: "room.recording", on }),
      onCaption: (caption) => tell({ type: "room.caption", caption }),
      onSpeaking: (speaker, speaking) => tell({ type: "room.speaking", speaker, speaking }),
    };
  }
}
