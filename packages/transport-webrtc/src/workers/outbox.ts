/**
 * Gathers messages for another thread and posts them together, once all that is ready in this turn of the event loop has been
 * dealt with: each post costs both sides a wake-up.
 */
export class Outbox<Message> {
  readonly #post: (messages: readonly Message[]) => void;
  #messages: Message[] = [];

  constructor(post: (messages: readonly Message[]) => void) {
    this.#post = post;
  }

  put(message: Message): void {
    if (this.#messages.push(message) === 1) setImmediate(() => this.flush());
  }

  /** Posts now what there is. */
  flush(): void {
    const messages = this.#messages;
    if (messages.length === 0) return;
    this.#messages = [];
    this.#post(messages);
  }
}

/** Samples that can be sent to another thread without the rest of the buffer they stand in, and that nobody writes to meanwhile. */
export function ownSamples(samples: Int16Array): Int16Array {
  return samples.buffer.byteLength === samples.byteLength ? samples : samples.slice();
}
