import type { CloseReason } from "../contracts/voice.ts";
import { Emitter, type Unsubscribe } from "./emitter.ts";

/** How far a connection is: it connects at most once and ends once. Who asks too late is told at once. */
export class ConnectionLife {
  readonly #events: Emitter<{ connected: undefined; closed: CloseReason }>;
  #connected = false;
  #reason: CloseReason | undefined;

  constructor(onListenerError: (error: unknown) => void) {
    this.#events = new Emitter(onListenerError);
  }

  get state(): "connecting" | "connected" | "closed" {
    if (this.#reason) return "closed";
    return this.#connected ? "connected" : "connecting";
  }

  /** It is up; nothing happens when it is already, or has ended. */
  connect(): void {
    if (this.state !== "connecting") return;
    this.#connected = true;
    this.#events.emit("connected", undefined);
  }

  /** It is over; nothing happens when it is already. */
  end(reason: CloseReason): void {
    if (this.#reason) return;
    this.#reason = reason;
    this.#events.emit("closed", reason);
    this.#events.clear();
  }

  onConnected(listener: () => void): Unsubscribe {
    if (this.state !== "connected") return this.#events.on("connected", listener);
    listener();
    return () => {};
  }

  onClosed(listener: (reason: CloseReason) => void): Unsubscribe {
    if (!this.#reason) return this.#events.on("closed", listener);
    listener(this.#reason);
    return () => {};
  }
}
