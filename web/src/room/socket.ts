/** What a socket reports. A close that this side asked for is not reported. */
export interface SocketListener {
  onMessage(data: Blob): void;
  onClosed(code: number, reason: string): void;
}

/**
 * The WebSocket of a room, with the methods that pipecat's transport calls.
 *
 * pipecat's own can't be closed before it is open (the bot would let the late one in and turn the next one out), hides
 * how much waits to be sent, and logs its address, which holds the ticket.
 */
export class CandidateSocket {
  private ws: WebSocket | null = null;

  constructor(
    private readonly url: string,
    private readonly listener: SocketListener,
  ) {}

  /** Resolves when the socket is open; rejects when it is closed before, by either side. */
  connect(): Promise<void> {
    const ws = new WebSocket(this.url);
    ws.binaryType = "blob";
    this.ws = ws;
    return new Promise((resolve, reject) => {
      ws.addEventListener("open", () => resolve());
      ws.addEventListener("message", ({ data }: MessageEvent<Blob>) => {
        if (this.ws === ws) this.listener.onMessage(data);
      });
      ws.addEventListener("close", ({ code, reason }) => {
        if (this.ws === ws) {
          this.ws = null;
          this.listener.onClosed(code, reason);
        }
        reject(new Error(`The socket was closed with ${code}`));
      });
    });
  }

  get readyState(): number {
    return this.ws?.readyState ?? WebSocket.CLOSED;
  }

  /** Bytes that were given to `send` and have not left the browser. */
  get bufferedAmount(): number {
    return this.ws?.bufferedAmount ?? 0;
  }

  send(data: Uint8Array<ArrayBuffer>): Promise<void> {
    if (this.ws?.readyState === WebSocket.OPEN) this.ws.send(data);
    return Promise.resolve();
  }

  close(): Promise<void> {
    const ws = this.ws;
    this.ws = null;
    ws?.close();
    return Promise.resolve();
  }
}
