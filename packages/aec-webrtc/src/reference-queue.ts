import { type AudioFrame, samplesFor } from "@roomkit/core";

/** A timestamp this much later than expected follows a gap; less is jitter. */
const GAP_MS = 60;
/** Reference that waits for its microphone audio, at most. */
const CAPACITY_MS = 1_000;
/**
 * Reference that has waited all through so long a time, and more than so much, need not wait and is dropped. Each time the canceller has
 * to find its echo anew; with more than half a second of delay in all it does not find it.
 */
const WATCHES = [
  { forMs: 1_000, moreThanMs: 250 },
  { forMs: 5_000, moreThanMs: 60 },
];

/**
 * What is played, until the microphone audio comes that it belongs to. The two clocks have nothing in common but that both count
 * samples: which stretch of the one goes with which of the other is seen from when they come, and then kept, however unevenly they
 * come. Nothing can be heard before it is played, so what is played belongs at the earliest to the microphone audio that comes next:
 * the closest pairing that always holds is what the queue looks for.
 *
 * | order                                             | what becomes of the pairing                                                 |
 * | ------------------------------------------------- | --------------------------------------------------------------------------- |
 * | both come in turns                                | stays                                                                       |
 * | microphone audio first, or more of it, then both  | silence is paired; what comes too late for its place moves back to the next |
 * | several of the one, then several of the other     | stays                                                                       |
 * | nothing is played for a while, its clock goes on  | stays; the gap is silence                                                   |
 * | the microphone's clock has a gap                  | stays; what was played meanwhile is skipped                                 |
 * | the microphone pauses, its clock does not go on   | begins anew after a second's worth, else as below                           |
 * | one clock is faster                               | moves on once too much has waited for a while; back as above                |
 * | a clock goes back                                 | stays: what comes follows what was there                                    |
 */
export class ReferenceQueue {
  readonly #rate: number;
  readonly #ring: Int16Array;
  /** Positions on the clock of what is played, in samples: what is read next, and the end of what is there. */
  #at = 0;
  #end = 0;
  /** Where the next frame of either should begin, ms; undefined before the first. */
  #farMs: number | undefined;
  #nearMs: number | undefined;
  #overflown = false;
  /** The least that waited, and for how long that has been watched, in samples. */
  readonly #watches = WATCHES.map(({ forMs, moreThanMs }) => ({ forMs, moreThanMs, least: 0, watched: 0 }));

  constructor(sampleRate: number) {
    this.#rate = sampleRate;
    this.#ring = new Int16Array(this.#samples(CAPACITY_MS));
  }

  /** How much waits, ms. */
  get waitingMs(): number {
    return (Math.max(0, this.#end - this.#at) / this.#rate) * 1000;
  }

  /** Takes what is played. */
  push({ samples, timestamp }: AudioFrame): void {
    const late = timestamp - (this.#farMs ?? timestamp);
    this.#farMs = timestamp + (samples.length / this.#rate) * 1000;
    if (late > GAP_MS) this.#silence(this.#samples(late));
    // Its place has gone by: the microphone was ahead, and is not to be so again.
    if (this.#end < this.#at) this.#pairFrom(this.#end);
    this.#write(samples);
  }

  /** Fills `block` with what belongs to the microphone audio at `timestamp`, ms; silence where nothing is known. */
  read(block: Int16Array, timestamp: number): void {
    if (this.#overflown) this.#pairFrom(this.#end - block.length);
    this.#overflown = false;
    const late = timestamp - (this.#nearMs ?? timestamp);
    this.#nearMs = timestamp + (block.length / this.#rate) * 1000;
    if (late > GAP_MS) this.#at += this.#samples(late);
    const known = Math.max(0, Math.min(block.length, this.#end - this.#at));
    const from = this.#at % this.#ring.length;
    const first = this.#ring.subarray(from, from + known);
    block.set(first);
    block.set(this.#ring.subarray(0, known - first.length), first.length);
    block.fill(0, known);
    this.#at += block.length;
    // Before anything has been played there is nothing to pair.
    if (this.#farMs === undefined) this.#at = 0;
    else if (this.#at <= this.#end) this.#watch(block.length);
  }

  #watch(length: number): void {
    const waiting = this.#end - this.#at;
    for (const watch of this.#watches) {
      watch.least = watch.watched === 0 ? waiting : Math.min(watch.least, waiting);
      watch.watched += length;
      if (watch.watched < this.#samples(watch.forMs)) continue;
      watch.watched = 0;
      if (watch.least > this.#samples(watch.moreThanMs)) {
        this.#pairFrom(this.#at + watch.least);
        return;
      }
    }
  }

  #pairFrom(position: number): void {
    this.#at = position;
    for (const watch of this.#watches) watch.watched = 0;
  }

  #silence(length: number): void {
    const written = Math.min(length, this.#ring.length);
    this.#end += length - written;
    this.#write(new Int16Array(written));
  }

  #write(samples: Int16Array): void {
    const newest = samples.subarray(-this.#ring.length);
    const to = (this.#end + samples.length - newest.length) % this.#ring.length;
    const first = newest.subarray(0, this.#ring.length - to);
    this.#ring.set(first, to);
    this.#ring.set(newest.subarray(first.length), 0);
    this.#end += samples.length;
    if (this.#end - this.#at <= this.#ring.length) return;
    this.#overflown = true;
    this.#at = this.#end - this.#ring.length;
  }

  #samples(ms: number): number {
    return samplesFor({ sampleRate: this.#rate, channels: 1 }, ms);
  }
}
