import { type AudioFormat, type PlayOptions, RoomKitError } from "@roomkit/core";

/** Audio comes in pieces: only what is always there, for so many ticks of 20 ms, is late. */
const TICKS = 5;
/** Pieces in which silence is looked for, ms. */
const HOP_MS = 10;
/** Over how much two pieces are faded into each other, ms: so that no cut is heard as a click. */
const FADE_MS = 4;
/** How far from where it should be a cut may be, to where the two sides are alike, ms: a period of a low voice. */
const SEARCH_MS = 6;
const TICK_MS = 20;
/** How long speech is made faster until the delay is within its bound, ms. */
const CATCH_UP_MS = 700;
/** How far apart cuts are, ms: a busy process is late with many calls at once, and would be later by what it cuts for each of them. */
const BETWEEN_CUTS_MS = 60;
/** What always waits, for two of these at least, protects from nothing any more, ticks. */
const STANDING_TICKS = 25;
/** So much of it goes in each such span where there is no silence, ms: nobody hears that speech is 4 % faster. */
const STANDING_STEP_MS = 20;
/** More than this behind, the oldest goes: nobody would understand what is played three times as fast. */
const MOST_BEHIND_MS = 2_000;
/** Silence is below this, of 32,768, and so much less than the loudest. */
const SILENCE = { rms: 330, least: 33, ofLoudest: 0.06 } as const;

/** @throws RoomKitError `invalid_option` */
export function assertLive(live: PlayOptions["live"]): void {
  if (!live || (live.maxDelayMs >= 60 && live.maxDelayMs <= 5_000)) return;
  throw new RoomKitError("invalid_option", "maxDelayMs of live audio is 60 to 5,000 ms");
}

/**
 * Takes from audio of a live source what it is too late by: silence first, then, over most of a second, short pieces of speech where
 * both sides of the cut are alike. What is within the bound, but more than half of it for a second or more, goes likewise, little by
 * little. Samples are interleaved, 16 bit.
 */
export class LiveDelay {
  readonly #maxDelayMs: number;
  readonly #channels: number;
  readonly #perMs: number;
  /** What was waiting to be played at each of the last ticks, ms, in any order; and at how many since all of it was forgotten. */
  readonly #seen = new Float64Array(TICKS);
  #seenTicks = 0;
  #dueBy: number | undefined;
  #cutAt = Number.NEGATIVE_INFINITY;
  #late = false;
  /** The least that waited in each of the last spans of {@link STANDING_TICKS}, the newest last, ms. */
  #least: number[] = [];
  #ticks = 0;

  /** @param maxDelayMs how late audio may be played for long */
  constructor(format: AudioFormat, maxDelayMs: number) {
    this.#maxDelayMs = maxDelayMs;
    this.#channels = format.channels;
    this.#perMs = (format.sampleRate * format.channels) / 1000;
  }

  /**
   * How much may be with the client unplayed, ms: what comes goes out at once, as waiting here makes it no earlier. Only what is late is kept
   * here beyond half of the bound, to be made shorter.
   */
  get leadMs(): number {
    return this.#late ? this.#maxDelayMs / 2 : this.#maxDelayMs - TICK_MS;
  }

  /** To be told every 20 ms what waits to be played, ms; whether that has been too much for a while, and is to be made shorter now. */
  late(waitingMs: number, now: number): boolean {
    this.#seen[this.#seenTicks++ % TICKS] = waitingMs;
    // Less than a sample cannot be cut, and would be waited for in vain.
    const excess = this.#seenTicks >= TICKS ? this.#samples(this.#excessMs) : 0;
    if (excess > 0) this.#dueBy ??= now + CATCH_UP_MS;
    else this.#dueBy = undefined;
    this.#noteLeast(waitingMs);
    this.#late = this.#dueBy !== undefined || this.#standingMs >= HOP_MS;
    return this.#late && (this.#dueBy === undefined || now >= this.#cutAt);
  }

  /** What is left of the samples that wait: at once all that is late, or a cut's share of it. */
  shorten(samples: Int16Array, now: number): Int16Array {
    if (this.#dueBy === undefined) return this.#withoutStanding(samples);
    this.#cutAt = now + BETWEEN_CUTS_MS;
    const wanted = this.#samples(this.#excessMs);
    let left = this.#withoutSilence(samples, wanted);
    const late = wanted - (samples.length - left.length);
    if (late > 0) {
      const most = this.#samples(MOST_BEHIND_MS);
      if (late > most) left = this.#cut(left, late - most);
      const cuts = Math.max(1, (this.#dueBy - now) / BETWEEN_CUTS_MS);
      left = this.#cut(left, this.#align(Math.min(late, most) / cuts));
    }
    const goneMs = (samples.length - left.length) / this.#perMs;
    for (let i = 0; i < TICKS; i++) this.#seen[i] = (this.#seen[i] as number) - goneMs;
    return left;
  }

  /** The newest of the samples, not more than may wait. */
  newest(samples: Int16Array): Int16Array {
    this.#seenTicks = 0;
    this.#least = [];
    const gone = samples.length - this.#samples(this.#maxDelayMs);
    return gone > 0 ? this.#cut(samples, gone) : samples;
  }

  get #excessMs(): number {
    let least = Number.POSITIVE_INFINITY;
    for (let i = 0; i < TICKS; i++) least = Math.min(least, this.#seen[i] as number);
    // Less by what may come just after a tick, and be played just before the next.
    return least - (this.#maxDelayMs - 2 * TICK_MS);
  }

  /** What was waiting all the time, beyond what the client may have, ms. */
  get #standingMs(): number {
    const least = this.#least;
    return least.length < 3 ? 0 : Math.min(...least) - this.#maxDelayMs / 2;
  }

  #noteLeast(waitingMs: number): void {
    const least = this.#least;
    if (this.#ticks++ % STANDING_TICKS === 0) {
      if (least.length === 3) least.shift();
      least.push(waitingMs);
      return;
    }
    const last = least.length - 1;
    if (last >= 0 && waitingMs < (least[last] as number)) least[last] = waitingMs;
  }

  #withoutStanding(samples: Int16Array): Int16Array {
    const wanted = this.#samples(this.#standingMs);
    const quiet = this.#withoutSilence(samples, wanted);
    const left =
      quiet.length < samples.length ? quiet : this.#cut(samples, Math.min(wanted, this.#samples(STANDING_STEP_MS)));
    // The span under way is looked at to its end before more of it goes.
    const goneMs = (samples.length - left.length) / this.#perMs;
    this.#least = this.#least.slice(0, 2).map((ms) => ms - goneMs);
    return left;
  }

  /** Drops hops of silence, but for the first and the last of each pause, until `most` samples are gone. */
  #withoutSilence(samples: Int16Array, most: number): Int16Array {
    const hop = this.#samples(HOP_MS);
    const hops = Math.floor(samples.length / hop);
    const levels = Array.from({ length: hops }, (_, i) => rms(samples, i * hop, hop));
    const limit = Math.min(SILENCE.rms, Math.max(SILENCE.least, SILENCE.ofLoudest * Math.max(0, ...levels)));
    const quiet = (i: number): boolean => (levels[i] ?? Number.POSITIVE_INFINITY) < limit;
    let left = samples;
    // From the end, so that what is before keeps its place.
    for (let end = hops; end > 0; end--) {
      if (!quiet(end - 1)) continue;
      let begin = end - 1;
      while (begin > 0 && quiet(begin - 1)) begin--;
      const gone = Math.min((end - begin - 2) * hop, most - (samples.length - left.length));
      if (gone > 0) left = this.#join(left, (begin + 1) * hop, this.#align(gone));
      end = begin;
    }
    return left;
  }

  /** Takes about `gone` samples away near the beginning, where what comes after is like what was before. */
  #cut(samples: Int16Array, gone: number): Int16Array {
    const fade = this.#samples(FADE_MS);
    const least = this.#samples(SEARCH_MS / 2);
    const search = this.#samples(SEARCH_MS);
    const last = samples.length - fade;
    let best = this.#align(Math.min(gone, last));
    let likeness = Number.NEGATIVE_INFINITY;
    const from = Math.max(least, gone - search);
    for (let lag = this.#align(from); lag <= Math.min(Math.max(gone, least) + search, last); lag += this.#channels) {
      const found = alike(samples, lag, fade);
      if (found <= likeness) continue;
      likeness = found;
      best = lag;
    }
    return best <= 0 ? samples : this.#join(samples, 0, best);
  }

  /** `samples` without the `gone` from `at` on, one side faded into the other. */
  #join(samples: Int16Array, at: number, gone: number): Int16Array {
    const joined = new Int16Array(samples.length - gone);
    joined.set(samples.subarray(0, at));
    joined.set(samples.subarray(at + gone), at);
    const fade = Math.min(this.#samples(FADE_MS), joined.length - at);
    for (let i = 0; i < fade; i++) {
      const share = (i + 1) / (fade + 1);
      joined[at + i] = Math.round(
        (samples[at + i] as number) * (1 - share) + (samples[at + gone + i] as number) * share,
      );
    }
    return joined;
  }

  /** Interleaved samples of so many ms. */
  #samples(ms: number): number {
    return this.#align(ms * this.#perMs);
  }

  #align(samples: number): number {
    return Math.floor(samples / this.#channels) * this.#channels;
  }
}

function rms(samples: Int16Array, from: number, length: number): number {
  let sum = 0;
  for (let i = from; i < from + length; i++) sum += (samples[i] as number) ** 2;
  return Math.sqrt(sum / length);
}

/** Normalised correlation of the beginning with what is `lag` samples later, -1 to 1. */
function alike(samples: Int16Array, lag: number, length: number): number {
  let cross = 0;
  let here = 1;
  let there = 1;
  for (let i = 0; i < length; i++) {
    const a = samples[i] as number;
    const b = samples[lag + i] as number;
    cross += a * b;
    here += a * a;
    there += b * b;
  }
  return cross / Math.sqrt(here * there);
}
