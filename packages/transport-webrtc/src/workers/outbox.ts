/** Posts come at least this far apart, ms: with many calls there is something to tell all the time. */
const APART_MS = 3;

/**
 * Gathers messages for another thread and posts them together, since each post costs both sides a wake-up: what is ready in one
 * turn of the event loop, and when the last post was just now, what comes in the next few milliseconds.
 */
export class Outbox<Message> {
  readonly #post: (messages: readonly Message[]) => void;
  #messages: Message[] = [];
  #postedAt = 0;

  constructor(post: (messages: readonly Message[]) => void) {
    this.#post = post;
  }

  put(message: Message): void {
    if (this.#messages.push(message) > 1) return;
    const waitMs = this.#postedAt + APART_MS - performance.now();
    if (waitMs > 0) setTimeout(() => this.flush(), waitMs);
    else setImmediate(() => this.flush());
  }

  /** Posts now what there is. */
  flush(): void {
    const messages = this.#messages;
    if (messages.length === 0) return;
    this.#messages = [];
    this.#postedAt = performance.now();
    this.#post(messages);
  }
}

/** Samples that can be sent to another thread without the rest of the buffer they stand in, and that nobody writes to meanwhile. */
export function ownSamples(samples: Int16Array): Int16Array {
  return samples.buffer.byteLength === samples.byteLength ? samples : samples.slice();
}
