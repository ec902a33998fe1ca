import { timestampDelta } from "./rtp.ts";

/** How unevenly the packets of a stream arrive: RFC 3550, 6.4.1 and A.8, in ms. */
export class ArrivalJitter {
  #ms = 0;
  #timestamp: number | undefined;
  #arrived = 0;

  get ms(): number {
    return this.#ms;
  }

  /** A packet with this RTP timestamp arrived at `now`, ms. */
  add(timestamp: number, clockRate: number, now: number): void {
    if (this.#timestamp !== undefined) {
      const sentMs = (timestampDelta(timestamp, this.#timestamp) * 1000) / clockRate;
      this.#ms += (Math.abs(now - this.#arrived - sentMs) - this.#ms) / 16;
    }
    this.#timestamp = timestamp;
    this.#arrived = now;
  }

  /** The timestamps of another source are no measure of those before. */
  restart(): void {
    this.#timestamp = undefined;
  }
}
