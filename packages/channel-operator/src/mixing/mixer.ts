import type { Clock, Unsubscribe } from "@roomkit/core";
import { PacingWheel } from "@roomkit/transport-utils";
import { type AudioSource, BLOCK, BLOCK_MS } from "./source.ts";

/** Somebody who hears the mix. */
export interface Listener {
  /** What of it is not for them: their own voice, for one. */
  readonly without: ReadonlySet<AudioSource>;
  play(mixed: Int16Array): void;
}

/** After a stall, at most so many blocks at once: what is later is for the sources to catch up. */
const MOST_BLOCKS = 10;

/**
 * Mix-minus: everybody hears all others and not themselves, each source once, as loud as it is; what is too loud together is cut at full
 * scale. Runs on the clock that paces the playing, only while there are listeners.
 */
export class Mixer {
  readonly #clock: Clock;
  readonly #sources = new Set<AudioSource>();
  readonly #listeners = new Set<Listener>();
  readonly #total = new Int32Array(BLOCK);
  readonly #blocks = new Map<AudioSource, Int16Array>();
  #stop: Unsubscribe | undefined;
  #mixedUntil = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add(source: AudioSource): Unsubscribe {
    this.#sources.add(source);
    return () => this.#sources.delete(source);
  }

  listen(listener: Listener): Unsubscribe {
    this.#listeners.add(listener);
    if (!this.#stop) {
      this.#mixedUntil = this.#clock.now();
      this.#stop = PacingWheel.shared(this.#clock).subscribe((now) => this.#tick(now));
    }
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size > 0) return;
      this.#stop?.();
      this.#stop = undefined;
    };
  }

  #tick(now: number): void {
    this.#mixedUntil = Math.max(this.#mixedUntil, now - MOST_BLOCKS * BLOCK_MS);
    for (; this.#mixedUntil + BLOCK_MS <= now + 1e-6; this.#mixedUntil += BLOCK_MS) this.#mix(now);
  }

  #mix(now: number): void {
    const blocks = this.#blocks;
    blocks.clear();
    this.#total.fill(0);
    for (const source of this.#sources) {
      const block = source.take(now);
      if (!block) continue;
      blocks.set(source, block);
      for (let i = 0; i < BLOCK; i++) this.#total[i] = (this.#total[i] as number) + (block[i] as number);
    }
    if (blocks.size === 0) return;
    for (const listener of [...this.#listeners]) this.#give(listener);
  }

  #give(listener: Listener): void {
    const { without } = listener;
    const own: Int16Array[] = [];
    for (const [source, block] of this.#blocks) if (without.has(source)) own.push(block);
    if (own.length === this.#blocks.size) return;
    const mixed = new Int16Array(BLOCK);
    for (let i = 0; i < BLOCK; i++) {
      let sum = this.#total[i] as number;
      for (const block of own) sum -= block[i] as number;
      mixed[i] = Math.max(-32_768, Math.min(32_767, sum));
    }
    listener.play(mixed);
  }
}
