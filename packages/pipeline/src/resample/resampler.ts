import { RoomKitError } from "@roomkit/core";
import { designFilter, type PolyphaseFilter, type Ratio, ratioOf } from "./filter.ts";
import { type FilterKernel, type Samples, scriptKernel } from "./kernel.ts";
import { wasmKernel } from "./kernel-wasm.ts";

/**
 * Changes the rate of one mono stream. Sample `n` of the output is the sound at `n / toRate` seconds of the input, so nothing is
 * shifted; the newest {@link groupDelayMs} are held back until more comes or {@link flush} is called. How the stream is cut into
 * pieces makes no difference.
 */
export interface StreamResampler<S extends Samples> {
  readonly fromRate: number;
  readonly toRate: number;
  /** How much of the input is held back, in ms: 32 samples of the lower rate (2 ms at 16,000 Hz); 0 when the rates are equal. */
  readonly groupDelayMs: number;
  /** Takes the next samples, any number, and gives what they complete; the same array when the rates are equal. */
  process(samples: S): S;
  /** Gives what is still held back and begins a new stream: altogether `ceil(samples in * toRate / fromRate)` came out. */
  flush(): S;
  /** Drops what is held back and begins a new stream. */
  reset(): void;
}

/** A resampler of 16-bit samples: rounds to the nearest, saturates. */
export type Resampler = StreamResampler<Int16Array>;

/** A resampler of floats, of any scale. */
export type FloatResampler = StreamResampler<Float32Array>;

/**
 * A streaming resampler between two rates in Hz, 8,000 to 192,000: a polyphase filter with the exact ratio. Everything from half
 * the lower rate on is at least 80 dB down, the pass band is flat (within 0.1 dB) to 0.425 of it.
 *
 * @throws RoomKitError `unsupported_format` for a rate out of range, or two with too little in common (44,100 and 44,101).
 */
export function createResampler(fromRate: number, toRate: number): Resampler {
  return new PolyphaseResampler(fromRate, toRate, (length) => new Int16Array(length));
}

/** As {@link createResampler}, for floats. */
export function createFloatResampler(fromRate: number, toRate: number): FloatResampler {
  return new PolyphaseResampler(fromRate, toRate, (length) => new Float32Array(length));
}

interface Entry {
  readonly filter: PolyphaseFilter;
  readonly kernel: FilterKernel;
}

/** Ratios in use at a time are few; the bound is for clients that ask for one strange rate after the other. */
const MAX_CACHED = 24;
const cache = new Map<string, Entry>();

/** The filter and kernel for a ratio, shared by all streams that need it; the least recently asked for goes first. */
function entryFor(ratio: Ratio): Entry {
  const key = `${ratio.up}:${ratio.down}`;
  let entry = cache.get(key);
  if (entry === undefined) {
    const filter = designFilter(ratio);
    entry = { filter, kernel: wasmKernel(filter) ?? scriptKernel(filter) };
    if (cache.size >= MAX_CACHED) cache.delete(cache.keys().next().value as string);
  } else {
    cache.delete(key);
  }
  cache.set(key, entry);
  return entry;
}

/** One stream through a shared kernel. Exported for tests, which choose the kernel, and for streams that make their arrays themselves. */
export class PolyphaseResampler<S extends Samples> implements StreamResampler<S> {
  readonly fromRate: number;
  readonly toRate: number;
  readonly groupDelayMs: number;
  readonly #make: (length: number) => S;
  readonly #entry: Entry | undefined;
  readonly #history: Float32Array;
  /** Where the next output lies, in ticks after the next input, the filter's delay included. */
  #tick = 0;

  constructor(
    fromRate: number,
    toRate: number,
    make: (length: number) => S,
    entry: (ratio: Ratio) => Entry = entryFor,
  ) {
    for (const rate of [fromRate, toRate]) {
      if (Number.isInteger(rate) && rate >= 8_000 && rate <= 192_000) continue;
      throw new RoomKitError("unsupported_format", `a sample rate is 8,000 to 192,000 Hz, not ${rate}`);
    }
    this.fromRate = fromRate;
    this.toRate = toRate;
    this.#make = make;
    this.#entry = fromRate === toRate ? undefined : entry(ratioOf(fromRate, toRate));
    const filter = this.#entry?.filter;
    this.groupDelayMs = filter ? (filter.delay / filter.up / fromRate) * 1000 : 0;
    this.#history = new Float32Array(filter ? filter.width - 1 : 0);
    this.reset();
  }

  process(samples: S): S {
    if (this.#entry === undefined) return samples;
    const { up, down } = this.#entry.filter;
    return this.#run(samples, Math.max(0, Math.ceil((samples.length * up - this.#tick) / down)));
  }

  flush(): S {
    if (this.#entry === undefined) return this.#make(0);
    const { up, down, delay } = this.#entry.filter;
    // What lies before the end of the input, and the silence after it that the filter must see for that.
    const outputs = Math.max(0, Math.ceil((delay - this.#tick) / down));
    const out = this.#run(this.#make(Math.ceil(delay / up) + 1), outputs);
    this.reset();
    return out;
  }

  reset(): void {
    this.#history.fill(0);
    this.#tick = this.#entry?.filter.delay ?? 0;
  }

  #run(samples: S, outputs: number): S {
    const { filter, kernel } = this.#entry as Entry;
    const out = this.#make(outputs);
    if (samples.length <= kernel.capacity) {
      // In one piece, as nearly always: no views of it.
      kernel.run(this.#history, samples, this.#tick, out);
      this.#tick += outputs * filter.down - samples.length * filter.up;
      return out;
    }
    let done = 0;
    for (let at = 0; at < samples.length; at += kernel.capacity) {
      const piece = samples.subarray(at, at + kernel.capacity) as S;
      const reach = piece.length * filter.up;
      const count = Math.min(outputs - done, Math.max(0, Math.ceil((reach - this.#tick) / filter.down)));
      kernel.run(this.#history, piece, this.#tick, out.subarray(done, done + count) as S);
      done += count;
      this.#tick += count * filter.down - reach;
    }
    return out;
  }
}
