/** Why a microphone or camera can't be used, in terms of what the candidate can do about it. */
export type DeviceProblem =
  /** Not served over https: browsers give no devices to such a page. */
  | "insecure"
  | "unsupported"
  | "denied"
  | "none"
  /** Another program holds it. */
  | "busy"
  | "unknown";

export type DeviceState =
  | { readonly status: "off" }
  | { readonly status: "asking" }
  /** `silenced`: the system took the sound away for now, as for a phone call; the track goes on by itself. */
  | { readonly status: "on"; readonly stream: MediaStream; readonly deviceId: string; readonly silenced: boolean }
  | { readonly status: "failed"; readonly problem: DeviceProblem };

export type DeviceKind = "microphone" | "camera";

export interface DeviceSnapshot {
  readonly state: DeviceState;
  /** Devices of this kind that the browser names; empty before it was allowed. */
  readonly devices: readonly MediaDeviceInfo[];
  /** The device that was asked for last, by id; empty: whichever the browser gives. */
  readonly wanted: string;
  /** The candidate wants not to be heard. It holds for each stream that is opened until the device is closed. */
  readonly muted: boolean;
}

const CONSTRAINTS: Readonly<Record<DeviceKind, MediaTrackConstraints>> = {
  microphone: { echoCancellation: true, noiseSuppression: true, autoGainControl: true, channelCount: 1 },
  camera: { width: { ideal: 640 }, height: { ideal: 480 }, facingMode: "user" },
};

const INFO_KIND: Readonly<Record<DeviceKind, MediaDeviceKind>> = { microphone: "audioinput", camera: "videoinput" };

export function problemOf(error: unknown): DeviceProblem {
  const name = error instanceof DOMException || error instanceof Error ? error.name : "";
  switch (name) {
    case "NotAllowedError":
    case "SecurityError":
      return "denied";
    case "NotFoundError":
    case "OverconstrainedError":
      return "none";
    case "NotReadableError":
    case "AbortError":
      return "busy";
    default:
      return "unknown";
  }
}

/**
 * The candidate's microphone or camera: one stream, held from the device check to the end of the interview, so that
 * the browser asks for permission once. A store for `useSyncExternalStore`.
 */
export class Device {
  private current: DeviceSnapshot = { state: { status: "off" }, devices: [], wanted: "", muted: false };
  private readonly listeners = new Set<() => void>();
  private request = 0;

  constructor(readonly kind: DeviceKind) {}

  readonly subscribe = (listener: () => void): (() => void) => {
    if (this.listeners.size === 0) this.mediaDevices()?.addEventListener("devicechange", this.onDevicesChanged);
    this.listeners.add(listener);
    return () => {
      this.listeners.delete(listener);
      if (this.listeners.size === 0) this.mediaDevices()?.removeEventListener("devicechange", this.onDevicesChanged);
    };
  };

  readonly snapshot = (): DeviceSnapshot => this.current;

  get stream(): MediaStream | null {
    return this.current.state.status === "on" ? this.current.state.stream : null;
  }

  /** Asks for the device (another one: by id). The outcome is in the snapshot; nothing is thrown. */
  async open(deviceId?: string): Promise<void> {
    const media = this.mediaDevices();
    if (!media) {
      this.set({ status: "failed", problem: window.isSecureContext ? "unsupported" : "insecure" });
      return;
    }
    this.stop();
    const request = ++this.request;
    this.current = { ...this.current, wanted: deviceId ?? "" };
    this.set({ status: "asking" });
    try {
      const stream = await media.getUserMedia(this.constraints(deviceId));
      if (request !== this.request) stop(stream);
      else this.opened(stream);
    } catch (error) {
      if (request === this.request) this.set({ status: "failed", problem: problemOf(error) });
    }
    await this.list();
  }

  close(): void {
    this.request += 1;
    this.stop();
    this.current = { ...this.current, muted: false };
    this.set({ status: "off" });
  }

  /** Silences the track itself, so that nothing is heard in whatever state the connection is. */
  setMuted(muted: boolean): void {
    this.current = { ...this.current, muted };
    if (this.stream) enable(this.stream, !muted);
    this.tell();
  }

  private opened(stream: MediaStream): void {
    enable(stream, !this.current.muted);
    const track = stream.getTracks()[0];
    track?.addEventListener("ended", () => void this.lost(stream));
    for (const type of ["mute", "unmute"] as const) {
      track?.addEventListener(type, () => this.silence(stream, type === "mute"));
    }
    this.set({ status: "on", stream, deviceId: track?.getSettings().deviceId ?? "", silenced: false });
  }

  /** A device that is pulled out, or a permission that is taken back, in the middle: the event is the same. */
  private async lost(stream: MediaStream): Promise<void> {
    const problem = (await permission(this.kind)) === "denied" ? "denied" : "none";
    if (this.stream === stream) this.set({ status: "failed", problem });
  }

  private silence(stream: MediaStream, silenced: boolean): void {
    const { state } = this.current;
    if (state.status === "on" && state.stream === stream) this.set({ ...state, silenced });
  }

  private constraints(deviceId?: string): MediaStreamConstraints {
    const wanted = { ...CONSTRAINTS[this.kind], ...(deviceId ? { deviceId: { exact: deviceId } } : {}) };
    return this.kind === "microphone" ? { audio: wanted } : { video: wanted };
  }

  private stop(): void {
    if (this.stream) stop(this.stream);
  }

  private mediaDevices(): MediaDevices | undefined {
    // Absent outside secure contexts, whatever the DOM types say.
    return (navigator as Partial<Navigator>).mediaDevices;
  }

  private readonly onDevicesChanged = (): void => {
    void this.list();
  };

  private async list(): Promise<void> {
    // Some in-app browsers refuse to enumerate; then there is no choice to offer, and that is all.
    const all = (await this.mediaDevices()?.enumerateDevices().catch(() => [])) ?? [];
    const devices = all.filter((device) => device.kind === INFO_KIND[this.kind] && device.deviceId !== "");
    this.current = { ...this.current, devices };
    this.tell();
  }

  private set(state: DeviceState): void {
    this.current = { ...this.current, state };
    this.tell();
  }

  private tell(): void {
    for (const listener of this.listeners) listener();
  }
}

function stop(stream: MediaStream): void {
  for (const track of stream.getTracks()) track.stop();
}

function enable(stream: MediaStream, enabled: boolean): void {
  for (const track of stream.getTracks()) track.enabled = enabled;
}

/** Whether the browser already allows the device, so that asking again shows no prompt. */
export async function isAllowed(kind: DeviceKind): Promise<boolean> {
  return (await permission(kind)) === "granted";
}

async function permission(kind: DeviceKind): Promise<PermissionState> {
  try {
    return (await navigator.permissions.query({ name: kind })).state;
  } catch {
    // Browsers without this query: the candidate presses the button.
    return "prompt";
  }
}
