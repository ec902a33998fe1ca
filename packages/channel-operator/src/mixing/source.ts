import { type AudioFrame, samplesFor } from "@roomkit/core";
import { createResampler, type Resampler } from "@roomkit/pipeline";
import { LiveDelay } from "@roomkit/transport-utils";

/** What everything is mixed at: wideband speech. */
export const MIX = { sampleRate: 16_000, channels: 1 } as const;
export const BLOCK_MS = 20;
export const BLOCK: number = samplesFor(MIX, BLOCK_MS);
/** So much must have come before any of it is taken, ms: two packets; more, step by step, from somebody whose audio comes in larger pieces. */
const READY_MS = { least: 40, most: 100, step: 20 } as const;
/** Audio that comes so soon after there was none left continues it, ms. */
const CONTINUES_MS = 200;
/** How late audio may be taken for long, ms. */
const MAX_DELAY_MS = 120;
/** More is not kept, ms: whoever spoke meanwhile is not heard from the beginning. */
const MOST_MS = 1_000;

/**
 * Somebody's audio on its way into a mix, as it comes in: at another rate, early, late, in bursts. Taken from in blocks of 20 ms; what is too
 * late is caught up as `LiveDelay` does.
 */
export class AudioSource {
  readonly #delay = new LiveDelay(MIX, MAX_DELAY_MS);
  #resampler: Resampler | undefined;
  #waiting: Int16Array[] = [];
  #samples = 0;
  #ready = false;
  #readyMs: number = READY_MS.least;
  #ranDryAt = Number.NEGATIVE_INFINITY;

  /** Audio that waits to be taken, ms. */
  get waitingMs(): number {
    return (this.#samples / MIX.sampleRate) * 1_000;
  }

  push(frame: AudioFrame): void {
    const { sampleRate } = frame;
    if (this.#resampler?.fromRate !== sampleRate) this.#resampler = createResampler(sampleRate, MIX.sampleRate);
    const samples = this.#resampler.process(mono(frame));
    if (samples.length === 0) return;
    this.#waiting.push(samples);
    this.#samples += samples.length;
    if (this.waitingMs > MOST_MS) this.#edit((all) => this.#delay.newest(all));
  }

  /** The next 20 ms; undefined while there is nothing to be heard. To be called every 20 ms. */
  take(now: number): Int16Array | undefined {
    if (this.#ready && this.#delay.late(this.waitingMs, now)) this.#edit((all) => this.#delay.shorten(all, now));
    if (!this.#ready && !this.#begins(now)) return undefined;
    const block = new Int16Array(BLOCK);
    this.#samples -= this.#moveInto(block);
    this.#ready = this.#samples > 0;
    if (!this.#ready) this.#ranDryAt = now;
    return block;
  }

  /** All that waits; nothing is left. */
  drain(): Int16Array {
    const all = joined(this.#waiting, this.#samples);
    this.#waiting = [];
    this.#samples = 0;
    this.#ready = false;
    return all;
  }

  #begins(now: number): boolean {
    if (this.#samples > 0 && now - this.#ranDryAt < CONTINUES_MS) {
      this.#ranDryAt = Number.NEGATIVE_INFINITY;
      this.#readyMs = Math.min(READY_MS.most, this.#readyMs + READY_MS.step);
    }
    this.#ready = this.waitingMs >= this.#readyMs;
    return this.#ready;
  }

  #moveInto(block: Int16Array): number {
    let filled = 0;
    while (filled < block.length) {
      const first = this.#waiting[0];
      if (!first) break;
      const part = first.subarray(0, block.length - filled);
      block.set(part, filled);
      filled += part.length;
      if (part.length === first.length) this.#waiting.shift();
      else this.#waiting[0] = first.subarray(part.length);
    }
    return filled;
  }

  #edit(edit: (all: Int16Array) => Int16Array): void {
    const left = edit(joined(this.#waiting, this.#samples));
    this.#waiting = [left];
    this.#samples = left.length;
  }
}

function joined(parts: readonly Int16Array[], length: number): Int16Array {
  const all = new Int16Array(length);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

function mono({ samples, channels }: AudioFrame): Int16Array {
  if (channels === 1) return samples;
  return Int16Array.from({ length: samples.length / 2 }, (_, i) =>
    Math.round(((samples[2 * i] as number) + (samples[2 * i + 1] as number)) / 2),
  );
}
