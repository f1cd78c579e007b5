import { vi } from "vitest";

/** The browser's WebSocket, opened and closed by the test. */
export class FakeSocket extends EventTarget {
  static readonly OPEN = 1;
  static readonly CLOSED = 3;
  static made: FakeSocket[] = [];
  readyState = 0;
  bufferedAmount = 0;
  closedByUs = false;
  sent: unknown[] = [];

  constructor(readonly url: string) {
    super();
    FakeSocket.made.push(this);
  }

  open(): void {
    this.readyState = FakeSocket.OPEN;
    this.dispatchEvent(new Event("open"));
  }

  send(data: unknown): void {
    this.sent.push(data);
  }

  /** The other side has sent this. */
  receive(bytes: Uint8Array<ArrayBuffer>): void {
    this.dispatchEvent(new MessageEvent("message", { data: new Blob([bytes]) }));
  }

  close(): void {
    this.closedByUs = true;
    this.finish(1005, "");
  }

  finish(code: number, reason: string): void {
    this.readyState = FakeSocket.CLOSED;
    this.dispatchEvent(Object.assign(new Event("close"), { code, reason }));
  }
}

/** The socket that a room has opened. */
export async function madeSocket(): Promise<FakeSocket> {
  return vi.waitFor(() => {
    const [made] = FakeSocket.made;
    if (!made) throw new Error("no socket yet");
    return made;
  });
}
