import { vi } from "vitest";

/** jsdom has no Web Audio: as much of it as the pages' own decisions touch. */
export class FakeContext extends EventTarget {
  static made: FakeContext[] = [];
  static nodes: FakeNode[] = [];
  state: AudioContextState | "interrupted" = "running";
  currentTime = 0;
  closed = false;
  /** Whether the browser lets it run. */
  allowed = true;
  started: number[] = [];
  readonly destination = {};
  readonly audioWorklet = { addModule: (): Promise<void> => FakeContext.worklet() };
  static worklet = (): Promise<void> => Promise.resolve();

  constructor() {
    super();
    FakeContext.made.push(this);
  }

  become(state: FakeContext["state"]): void {
    this.state = state;
    this.dispatchEvent(new Event("statechange"));
  }

  resume(): Promise<void> {
    if (this.allowed) this.become("running");
    return Promise.resolve();
  }

  close(): Promise<void> {
    this.closed = true;
    this.become("closed");
    return Promise.resolve();
  }

  createBuffer(_channels: number, length: number, rate: number) {
    return { duration: length / rate, getChannelData: () => new Float32Array(length) };
  }

  createMediaStreamSource() {
    return { connect: () => undefined, disconnect: () => undefined };
  }
}

class FakeNode extends EventTarget {
  readonly port: { onmessage: ((message: MessageEvent) => void) | null } = { onmessage: null };
  readonly gain = {};

  constructor(readonly context: FakeContext) {
    super();
    FakeContext.nodes.push(this);
  }

  connect(): void {
    return undefined;
  }

  disconnect(): void {
    return undefined;
  }

  start(at: number): void {
    this.context.started.push(at);
  }

  stop(): void {
    return undefined;
  }
}

class FakeAnalyser extends FakeNode {
  readonly fftSize = 512;

  getFloatTimeDomainData(): void {
    return undefined;
  }
}

/** Puts it in place of the browser's until `vi.unstubAllGlobals()`. */
export function stubAudio(): void {
  FakeContext.made = [];
  FakeContext.nodes = [];
  FakeContext.worklet = () => Promise.resolve();
  vi.stubGlobal("AudioContext", FakeContext);
  for (const name of ["GainNode", "AudioBufferSourceNode", "AudioWorkletNode"]) vi.stubGlobal(name, FakeNode);
  vi.stubGlobal("AnalyserNode", FakeAnalyser);
}

/** A microphone's stream of one track. */
export class FakeTrack extends EventTarget {
  enabled = true;
  stopped = false;

  constructor(readonly deviceId = "mic-1") {
    super();
  }

  getSettings() {
    return { deviceId: this.deviceId };
  }

  stop(): void {
    this.stopped = true;
  }
}

export class FakeStream {
  constructor(readonly track = new FakeTrack()) {}

  getTracks() {
    return [this.track];
  }

  getAudioTracks() {
    return [this.track];
  }
}

/** navigator.mediaDevices, whose next streams these are; without one it refuses. */
export function stubDevices(...streams: FakeStream[]): { devices: MediaDeviceInfo[]; wanted: unknown[] } {
  const stub = { devices: [] as MediaDeviceInfo[], wanted: [] as unknown[] };
  vi.stubGlobal("navigator", {
    mediaDevices: Object.assign(new EventTarget(), {
      getUserMedia: (wanted: unknown) => {
        stub.wanted.push(wanted);
        const stream = streams.shift();
        return stream ? Promise.resolve(stream) : Promise.reject(new DOMException("", "NotAllowedError"));
      },
      enumerateDevices: () => Promise.resolve(stub.devices),
    }),
    permissions: { query: () => Promise.resolve({ state: "granted" }) },
  });
  return stub;
}
