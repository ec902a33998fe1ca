import { keepNewest } from "../queue/keep-newest.ts";

/** A stream that sent nothing for this long may be over: another may take its place, ms. */
const SILENT_MS = 2_000;
/** Streams whose state is kept besides those that send, so that one that goes on after a while is known. */
const REMEMBERED = 64;

interface Entry<T> {
  readonly state: T;
  at: number;
}

/**
 * What an engine knows of each of a client's RTP streams (SSRC). A call may have any number of them one after another, each device
 * and each time on hold another; only how many send at once is bounded, and how many are remembered.
 */
export class StreamTable<T> {
  readonly #atOnce: number;
  /** The one longest silent first. */
  readonly #entries = new Map<number, Entry<T>>();

  /** @param atOnce most streams that may send at once. */
  constructor(atOnce: number) {
    this.#atOnce = atOnce;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** The stream heard last; undefined when there is none. */
  get latest(): number | undefined {
    return [...this.#entries.keys()].at(-1);
  }

  get(ssrc: number): T | undefined {
    return this.#entries.get(ssrc)?.state;
  }

  /** Whether a stream may send: it is known, or few enough have sent lately. @param now monotonic ms. */
  admits(ssrc: number, now: number): boolean {
    if (this.#entries.has(ssrc)) return true;
    let sending = 0;
    for (const { at } of this.#entries.values()) if (now - at < SILENT_MS) sending++;
    return sending < this.#atOnce;
  }

  /** Notes that a stream has sent, and what is known of it; the one longest silent is forgotten for it when there are too many. */
  note(ssrc: number, state: T, now: number): void {
    this.#entries.delete(ssrc);
    this.#entries.set(ssrc, { state, at: now });
    keepNewest(this.#entries, this.#atOnce + REMEMBERED);
  }
}
