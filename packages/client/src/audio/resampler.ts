/** Zero crossings of the sinc on each side, at the lower of the two rates: 80 dB of stopband with the window below. */
const ZERO_CROSSINGS = 24;
/** Kaiser window shape for about 80 dB. */
const KAISER_BETA = 7.86;
/** Cutoff (-6 dB) as a part of the lower rate's Nyquist frequency: the transition band ends just above Nyquist. */
const CUTOFF = 0.91;
/** More phases than this are rounded to the nearest: only odd rate pairs (44,101 Hz) come here. */
const MAX_PHASES = 1024;

/**
 * A streaming sample-rate converter for one channel: windowed sinc, one filter per output phase (polyphase), so that
 * any pair of whole-number rates works and a stretch split into blocks gives exactly what the whole gives.
 *
 * Output sample `k` stands at the input's time `k * from / to`; it appears `latency` input samples later, and `flush`
 * brings the tail. Method: J. O. Smith, "Digital Audio Resampling"; Kaiser's window for the sinc.
 */
export class Resampler {
  /** Input samples needed beyond the time of an output sample. */
  readonly latency: number;
  readonly #from: number;
  readonly #to: number;
  readonly #taps: number;
  readonly #phases: number;
  readonly #filters: Float32Array;
  /** The input still needed, beginning at input index `#start`. */
  #history: Float32Array;
  #start = 0;
  #end = 0;
  #produced = 0;

  /** @throws RangeError when a rate is not a whole number from 1,000 to 768,000 Hz. */
  constructor(from: number, to: number) {
    for (const rate of [from, to]) {
      if (!Number.isInteger(rate) || rate < 1_000 || rate > 768_000) throw new RangeError(`not a sample rate: ${rate}`);
    }
    const divisor = gcd(from, to);
    this.#from = from / divisor;
    this.#to = to / divisor;
    const stretch = Math.max(1, from / to);
    const half = from === to ? 0 : Math.ceil(ZERO_CROSSINGS * stretch);
    this.latency = half;
    this.#taps = 2 * half + 1;
    this.#phases = Math.min(this.#to, MAX_PHASES);
    this.#filters = half === 0 ? new Float32Array([1]) : filterBank(this.#phases, half, CUTOFF / stretch);
    this.#history = new Float32Array(this.#taps);
    this.reset();
  }

  /** Forgets the past, as if just made. */
  reset(): void {
    // Silence before the first sample, so that the first output has a whole filter's worth of input.
    this.#start = -this.latency;
    this.#end = 0;
    this.#history.fill(0);
    this.#produced = 0;
  }

  /** Takes any number of samples, gives all output they complete. */
  process(input: Float32Array): Float32Array {
    if (this.#from === this.#to) return input.slice();
    this.#append(input);
    const ready = this.#end - this.latency;
    const until = ready <= 0 ? 0 : Math.floor(((ready - 1) * this.#to) / this.#from) + 1;
    const output = new Float32Array(Math.max(0, until - this.#produced));
    for (let i = 0; i < output.length; i++) output[i] = this.#sample(this.#produced + i);
    this.#produced += output.length;
    this.#forget();
    return output;
  }

  /** The rest of the output: as many samples in all as the input's duration holds. Ends the stretch like `reset`. */
  flush(): Float32Array {
    if (this.#from === this.#to) return new Float32Array(0);
    const wanted = Math.ceil((this.#end * this.#to) / this.#from) - this.#produced;
    const rest = this.process(new Float32Array(this.latency + 1));
    this.reset();
    return rest.subarray(0, wanted);
  }

  #sample(index: number): number {
    // index * from / to, split into whole input samples and a phase, exactly.
    const scaled = index * this.#from;
    const whole = Math.floor(scaled / this.#to);
    const fraction = (scaled - whole * this.#to) / this.#to;
    let phase = Math.round(fraction * this.#phases);
    let first = whole - this.latency - this.#start;
    if (phase === this.#phases) {
      phase = 0;
      first++;
    }
    const history = this.#history;
    const filters = this.#filters;
    const offset = phase * this.#taps;
    let sum = 0;
    for (let tap = 0; tap < this.#taps; tap++)
      sum += (history[first + tap] as number) * (filters[offset + tap] as number);
    return sum;
  }

  #append(input: Float32Array): void {
    const held = this.#end - this.#start;
    if (held + input.length > this.#history.length) {
      const grown = new Float32Array((held + input.length) * 2);
      grown.set(this.#history.subarray(0, held));
      this.#history = grown;
    }
    this.#history.set(input, held);
    this.#end += input.length;
  }

  /** Drops the input that no later output needs. */
  #forget(): void {
    const needed = Math.floor((this.#produced * this.#from) / this.#to) - this.latency;
    const drop = Math.min(needed, this.#end) - this.#start;
    if (drop <= 0) return;
    this.#history.copyWithin(0, drop, this.#end - this.#start);
    this.#start += drop;
    // The positions only matter relative to each other: keep them small, and exact, for calls of any length.
    const periods = Math.floor(this.#produced / this.#to);
    if (periods >= 1_000) {
      this.#produced -= periods * this.#to;
      this.#start -= periods * this.#from;
      this.#end -= periods * this.#from;
    }
  }
}

/** One filter of `2 * half + 1` taps for each phase, each with unit gain at 0 Hz. */
function filterBank(phases: number, half: number, cutoff: number): Float32Array {
  const taps = 2 * half + 1;
  const bank = new Float32Array(phases * taps);
  const scale = bessel(KAISER_BETA);
  for (let phase = 0; phase < phases; phase++) {
    let sum = 0;
    for (let tap = 0; tap < taps; tap++) {
      const distance = tap - half - phase / phases;
      const edge = distance / (half + 1);
      const angle = Math.PI * distance * cutoff;
      const sinc = angle === 0 ? 1 : Math.sin(angle) / angle;
      const window = Math.abs(edge) >= 1 ? 0 : bessel(KAISER_BETA * Math.sqrt(1 - edge * edge)) / scale;
      const value = sinc * window;
      bank[phase * taps + tap] = value;
      sum += value;
    }
    for (let tap = 0; tap < taps; tap++) bank[phase * taps + tap] = (bank[phase * taps + tap] as number) / sum;
  }
  return bank;
}

/** The modified Bessel function of the first kind, order 0. */
function bessel(x: number): number {
  let sum = 1;
  let term = 1;
  for (let k = 1; term > sum * 1e-10; k++) {
    term *= (x / (2 * k)) ** 2;
    sum += term;
  }
  return sum;
}

function gcd(a: number, b: number): number {
  return b === 0 ? a : gcd(b, a % b);
}
