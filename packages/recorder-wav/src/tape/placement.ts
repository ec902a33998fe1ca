/** How long a frame waits for those after it, which tell whether it came late, ms. */
const SETTLE_MS = 500;
/** A source that is so far off its own times, at a pause or in silence, is put right there, ms. */
const NEAR_MS = 60;
/** One that falls so far behind is put right at once: it stopped without saying so, ms. */
const FAR_MS = 250;
/** Frames that came at once say nothing of how late they are: more of what stalled may follow. Those that do came over so much time, ms. */
const PACED_MS = 300;
/** A time that jumps ahead so far is no measure of what came before it, ms. */
const JUMP_MS = 1_000;
/** Louder samples are not silence (-54 dBFS). */
const QUIET = 64;

interface Waiting {
  readonly samples: Int16Array;
  readonly timestamp: number;
  /** When its first sample was due on the clock, less its timestamp, ms. */
  readonly delay: number;
  readonly arrived: number;
}

export interface PlacementOptions {
  readonly sampleRate: number;
  /** Where the time line begins on the clock, ms. */
  readonly zero: number;
  /** Takes samples at their place on the time line. */
  readonly lay: (at: number, samples: Int16Array) => void;
}

/**
 * Finds the place of a source's audio on the clock. The source counts its own time; how far that lies from the clock's is the least
 * delay of the frames of half a second: network and event loop only add to it. From then on its own time counts to the
 * sample, so neither jitter nor a stall that is made up for moves anything. What does: a pause in the source's time that the clock
 * did not see, or the other way round (a client that does not count stops sending), and a crystal that runs fast or slow, which
 * is put right where the source is silent.
 */
export class Placement {
  readonly #options: PlacementOptions;
  readonly #waiting: Waiting[] = [];
  /** The source's time of what comes next without a pause. */
  #expected = 0;
  /** From the source's time to the clock's, ms. */
  #offset: number | undefined;
  /** The source's time of what is placed next without a pause. */
  #next = 0;
  /** Where that goes, in samples of the time line. */
  #end = 0;

  constructor(options: PlacementOptions) {
    this.#options = options;
  }

  /** A frame, `timestamp` on the source's time, whose first sample was due at `due` on the clock, about. */
  push(samples: Int16Array, timestamp: number, due: number, now: number): void {
    const known = Number.isFinite(timestamp) ? timestamp : this.#expected;
    this.#expected = known + (samples.length / this.#options.sampleRate) * 1000;
    this.#waiting.push({ samples, timestamp: known, delay: due - known, arrived: now });
    this.settle(now);
  }

  /** Those that have waited long enough take their places. */
  settle(now: number): void {
    for (let first = this.#waiting[0]; first && first.arrived <= now - SETTLE_MS; first = this.#waiting[0]) {
      this.#place(first);
      this.#waiting.shift();
    }
  }

  /** A frame whose first sample was played at exactly `at` on the clock. What was played before it and lasts longer was cut off. */
  exact(samples: Int16Array, at: number): void {
    this.flush();
    this.#lay(this.#index(at), samples);
  }

  /** When something of the source's time was on the clock, ms; undefined before any of its audio came. */
  clockOf(timestamp: number): number | undefined {
    const offset = this.#offset ?? (this.#waiting.length > 0 ? this.#leastDelay() : undefined);
    return offset === undefined ? undefined : offset + timestamp;
  }

  /** No more frames come for now: those that wait take their places. */
  flush(): void {
    this.settle(Number.POSITIVE_INFINITY);
  }

  /** The source begins anew. */
  reset(): void {
    this.flush();
    this.#offset = undefined;
  }

  #place({ samples, timestamp }: Waiting): void {
    const { sampleRate } = this.#options;
    const least = this.#leastDelay();
    const off = timestamp - this.#next;
    const step = 1000 / sampleRate;
    const drift = this.#offset === undefined ? 0 : least - this.#offset;
    // Nothing comes before it is said; but it may come late.
    const behind = drift < NEAR_MS || this.#paced() ? drift : 0;
    // A time that goes back is another count.
    if (this.#offset === undefined || off < -step || behind > FAR_MS) this.#offset = least;
    else if (Math.abs(behind) > NEAR_MS && (off > step || quiet(samples))) this.#offset = least;
    this.#next = timestamp + (samples.length / sampleRate) * 1000;
    const at = this.#index(this.#offset + timestamp);
    const early = this.#end - at;
    if (early > 1) {
      if (early < samples.length) this.#lay(this.#end, samples.subarray(early));
    } else this.#lay(at, samples);
  }

  #index(clockMs: number): number {
    return Math.round(((clockMs - this.#options.zero) * this.#options.sampleRate) / 1000);
  }

  /** What follows at once follows to the sample, however its time was rounded. */
  #lay(index: number, samples: Int16Array): void {
    const at = Math.abs(index - this.#end) <= 1 ? this.#end : index;
    this.#end = at + samples.length;
    this.#options.lay(at, samples);
  }

  /** Whether the frames that wait came one after the other, as they are said. */
  #paced(): boolean {
    const [first] = this.#waiting as [Waiting, ...Waiting[]];
    let last = first;
    for (const frame of this.#waiting) {
      if (frame.arrived - last.arrived > 100 + (2000 * last.samples.length) / this.#options.sampleRate) return false;
      last = frame;
    }
    return last.arrived - first.arrived >= PACED_MS;
  }

  #leastDelay(): number {
    let least = Number.POSITIVE_INFINITY;
    let last = this.#waiting[0]?.timestamp ?? 0;
    for (const { delay, timestamp } of this.#waiting) {
      if (timestamp < last || timestamp > last + JUMP_MS) break;
      last = timestamp;
      if (delay < least) least = delay;
    }
    return least;
  }
}

function quiet(samples: Int16Array): boolean {
  for (const sample of samples) if (sample > QUIET || sample < -QUIET) return false;
  return true;
}
