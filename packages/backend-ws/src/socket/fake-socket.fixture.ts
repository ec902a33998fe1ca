import type { WebSocketLike } from "./websocket-like.ts";

type Listener = (event: never) => void;

/** A web-standard socket whose network a test holds in its hand. */
export class FakeSocket implements WebSocketLike {
  bufferedAmount = 0;
  readyState = 1;
  binaryType = "blob";
  readonly sent: (string | Uint8Array)[] = [];
  closed: { code: number | undefined; reason: string | undefined } | undefined;
  /** While false, nothing leaves the buffer. */
  reading = true;
  readonly #listeners = new Map<string, Set<Listener>>();

  send(data: string | Uint8Array): void {
    if (this.readyState !== 1) throw new Error("not open");
    this.sent.push(data);
    if (!this.reading) this.bufferedAmount += data.length;
  }

  close(code?: number, reason?: string): void {
    this.closed = { code, reason };
    this.readyState = 2;
  }

  addEventListener(type: string, listener: Listener): void {
    const set = this.#listeners.get(type) ?? new Set();
    this.#listeners.set(type, set.add(listener));
  }

  emit(type: string, event: unknown): void {
    for (const listener of this.#listeners.get(type) ?? []) (listener as (event: unknown) => void)(event);
  }

  /** The client says something. */
  say(message: unknown): void {
    this.emit("message", {
      data: typeof message === "string" || message instanceof ArrayBuffer ? message : JSON.stringify(message),
    });
  }

  /** The socket is gone. */
  gone(code: number): void {
    this.readyState = 3;
    this.emit("close", { code });
  }
}
