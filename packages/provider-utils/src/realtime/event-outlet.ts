import { Emitter, type RealtimeEvent, type Unsubscribe } from "@roomkit/core";

/** Events kept for a listener that has not come yet. */
const MAX_WAITING = 256;

/** A session's events: in order, and from the first on although nobody listens before `connect` has resolved. */
export class EventOutlet {
  readonly #events: Emitter<{ event: RealtimeEvent }>;
  #waiting: RealtimeEvent[] | undefined = [];
  #flushing = false;
  #responseId: string | undefined;
  #closed = false;

  constructor(onListenerError: (error: unknown) => void) {
    this.#events = new Emitter(onListenerError);
  }

  /** Between `response-start` and `response-end`. */
  get responding(): boolean {
    return this.#responseId !== undefined;
  }

  get listeners(): number {
    return this.#events.listenerCount();
  }

  on(listener: (event: RealtimeEvent) => void): Unsubscribe {
    const stop = this.#events.on("event", listener);
    if (this.#waiting && !this.#flushing) {
      this.#flushing = true;
      // Not within this call: the listener's owner may not be ready for it.
      queueMicrotask(() => this.#flush());
    }
    return stop;
  }

  /** Nothing is said after `closed`. */
  emit(event: RealtimeEvent): void {
    if (this.#closed) return;
    if (event.type === "response-start") this.#responseId = event.responseId;
    if (event.type === "response-end" && event.responseId === this.#responseId) this.#responseId = undefined;
    if (event.type === "closed") {
      this.#closed = true;
      this.#responseId = undefined;
    }
    if (!this.#waiting) this.#deliver(event);
    else if (this.#waiting.length < MAX_WAITING || event.type === "closed") this.#waiting.push(event);
  }

  #flush(): void {
    for (let event = this.#waiting?.shift(); event; event = this.#waiting?.shift()) this.#deliver(event);
    this.#waiting = undefined;
  }

  #deliver(event: RealtimeEvent): void {
    this.#events.emit("event", event);
    if (event.type === "closed") this.#events.clear();
  }
}
