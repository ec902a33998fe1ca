import { HOP_MS } from "./played-track.ts";

/** A timestamp so much later than expected follows a gap; less is jitter, ms. */
const GAP_MS = 60;
/** Of the microphone: a longer gap is a clock that was set. Of what is played: longer pauses are none, ms. */
const MOST_NEAR_GAP_MS = 2_000;
const MOST_FAR_GAP_MS = 600_000;
/** What is played is told of so far ahead of the microphone, or behind it, at most: else the two are paired anew. Hops. */
const MOST_AHEAD = 100;
const MOST_BEHIND = 60;
/** Ahead by more than that, or behind, all through so many hops: the same, while no echo is known that says otherwise. */
const WATCHED = 100;
const AHEAD = 12;
const BEHIND = -6;

/**
 * Gives hops of the microphone and of what is played their places on one axis. The two clocks have nothing in common but that both count
 * samples: a place of the one belongs to the place of the other that it met when it came, and then they count on, however unevenly they come.
 *
 * | order                                               | what becomes of the pairing                                   |
 * | --------------------------------------------------- | ------------------------------------------------------------- |
 * | both come in turns; several of the one, then others | stays                                                         |
 * | nothing is played for a while, its clock goes on    | stays; the gap is silence                                     |
 * | the microphone's clock has a gap of up to 2 s       | stays                                                         |
 * | a clock goes back, jumps far, or is no number       | stays: what comes follows what was there                      |
 * | the microphone pauses, its clock stands still       | what is played is ahead for a second: the microphone moves on |
 * | what is played lags behind for a second             | what is played moves on                                       |
 * | either is further off than an echo could be         | the one that is behind moves on at once                       |
 */
export class Pairing {
  #near = 0;
  #far = 0;
  #nearMs: number | undefined;
  #farMs: number | undefined;
  #watched = 0;
  #least = 0;
  #most = 0;

  /** The place of the next hop of the microphone. @param judge says whether an echo is known there, so that the pairing is right */
  near(timestamp: number, judge: { sure(place: number): boolean }): number {
    this.#near += gap(timestamp, this.#nearMs, MOST_NEAR_GAP_MS);
    this.#nearMs = next(timestamp, this.#nearMs);
    if (this.#farMs !== undefined) this.#watch(this.#far - this.#near, judge.sure(this.#near));
    return this.#near++;
  }

  /** The place of the next hop of what is played. */
  far(timestamp: number): number {
    if (this.#farMs === undefined) this.#far = this.#near;
    else this.#far += gap(timestamp, this.#farMs, MOST_FAR_GAP_MS);
    this.#farMs = next(timestamp, this.#farMs);
    const ahead = this.#far - this.#near;
    if (ahead > MOST_AHEAD) this.#near = this.#far;
    if (ahead < -MOST_BEHIND) this.#far = this.#near;
    return this.#far++;
  }

  #watch(ahead: number, sure: boolean): void {
    // Nothing is played just now.
    if (sure || ahead < -MOST_BEHIND / 2) {
      this.#watched = 0;
      return;
    }
    this.#least = this.#watched === 0 ? ahead : Math.min(this.#least, ahead);
    this.#most = this.#watched === 0 ? ahead : Math.max(this.#most, ahead);
    if (++this.#watched < WATCHED) return;
    this.#watched = 0;
    if (this.#least > AHEAD) this.#near += this.#least;
    else if (this.#most < BEHIND) this.#far -= this.#most;
  }
}

/** How many hops are missing before a timestamp. */
function gap(timestamp: number, expected: number | undefined, mostMs: number): number {
  const late = expected === undefined ? 0 : timestamp - expected;
  return late > GAP_MS && late <= mostMs ? Math.round(late / HOP_MS) : 0;
}

const next = (timestamp: number, expected: number | undefined): number =>
  (Number.isFinite(timestamp) ? timestamp : (expected ?? Number.NaN)) + HOP_MS;
