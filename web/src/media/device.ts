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
  | { readonly status: "on"; readonly stream: MediaStream; readonly deviceId: string }
  | { readonly status: "failed"; readonly problem: DeviceProblem };

export type DeviceKind = "microphone" | "camera";

export interface DeviceSnapshot {
  readonly state: DeviceState;
  /** Devices of this kind that the browser names; empty before it was allowed. */
  readonly devices: readonly MediaDeviceInfo[];
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
  private current: DeviceSnapshot = { state: { status: "off" }, devices: [] };
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
    this.set({ status: "off" });
  }

  private opened(stream: MediaStream): void {
    const track = stream.getTracks()[0];
    // A device that is pulled out, or a permission that is taken back, in the middle.
    track?.addEventListener("ended", () => {
      if (this.stream === stream) this.set({ status: "failed", problem: "none" });
    });
    this.set({ status: "on", stream, deviceId: track?.getSettings().deviceId ?? "" });
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
    const all = (await this.mediaDevices()?.enumerateDevices()) ?? [];
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

/** Whether the browser already allows the device, so that asking again shows no prompt. */
export async function isAllowed(kind: DeviceKind): Promise<boolean> {
  try {
    const answer = await navigator.permissions.query({ name: kind });
    return answer.state === "granted";
  } catch {
    // Browsers without this query: the candidate presses the button.
    return false;
  }
}
