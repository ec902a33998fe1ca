import { type AudioFrame, frameDurationMs, RoomKitError, type Unsubscribe } from "@roomkit/core";

/** Holds the caller's first words until somebody listens, at most `maxMs` of them; then hands on every frame at once. */
export class InboundAudio {
  readonly #maxMs: number;
  #held: AudioFrame[] = [];
  #heldMs = 0;
  #listener: ((frame: AudioFrame) => void) | undefined;

  constructor(maxMs: number) {
    this.#maxMs = maxMs;
  }

  /** @throws RoomKitError `consumer_exists`: a connection's audio has one consumer. */
  listen(listener: (frame: AudioFrame) => void): Unsubscribe {
    if (this.#listener) throw new RoomKitError("consumer_exists", "the connection's audio has a consumer already");
    this.#listener = listener;
    const held = this.#held;
    this.drop();
    for (const frame of held) listener(frame);
    return () => {
      if (this.#listener === listener) this.#listener = undefined;
    };
  }

  push(frame: AudioFrame): void {
    if (this.#listener) {
      this.#listener(frame);
      return;
    }
    this.#held.push(frame);
    this.#heldMs += frameDurationMs(frame);
    while (this.#heldMs > this.#maxMs) this.#heldMs -= frameDurationMs(this.#held.shift() as AudioFrame);
  }

  drop(): void {
    this.#held = [];
    this.#heldMs = 0;
  }
}
