import { UtteranceBuffer } from "./utterance-buffer.ts";

/** How much audio is held back before playing, so that late packets are not heard. All in ms. */
export interface JitterOptions {
  /** Cushion at the start of a call. Default 80. */
  readonly startMs: number;
  /** The cushion never shrinks below this. Default 40. */
  readonly minMs: number;
  /** Nor grows above this. Default 400. */
  readonly maxMs: number;
  /** How much it grows when audio ran out mid-utterance. Default 40. */
  readonly growMs: number;
  /** How much it shrinks ... Default 10. */
  readonly shrinkMs: number;
  /** ... after this much audio played without running out. Default 10,000. */
  readonly shrinkAfterMs: number;
  /** Audio that arrives when this much is held is dropped. Default 60,000. */
  readonly maxBufferedMs: number;
}

export const defaultJitter: JitterOptions = {
  startMs: 80,
  minMs: 40,
  maxMs: 400,
  growMs: 40,
  shrinkMs: 10,
  shrinkAfterMs: 10_000,
  maxBufferedMs: 60_000,
};

/** What the listener should hear next: audio, a pause until more has come, a lost piece, the end of an utterance, nothing. */
export type Poll = "play" | "wait" | "gap" | "finished" | "idle";

/** A pause for a cushion that never fills (the rest was lost, nobody said `end`) lasts this much longer than the cushion, ms. */
const PATIENCE_MS = 200;
/** Utterances whose late audio is still recognised as such. */
const REMEMBERED = 64;
/** Utterances queued at once; no server has a reason for more. */
const MAX_QUEUED = 256;

/** Decides when queued utterances are played: an adaptive cushion before each start, and again after audio ran out. */
export class JitterBuffer {
  readonly #sampleRate: number;
  readonly #options: JitterOptions;
  #queue: UtteranceBuffer[] = [];
  /** Played to the end: what still arrives of them is dropped. */
  readonly #closed = new Set<number>();
  /** The same for every utterance numbered like this or lower. */
  #clearedUpTo = 0;
  #playing = false;
  #waitedMs = 0;
  #smoothMs = 0;
  #targetMs: number;
  #underruns = 0;
  #dropped = 0;

  constructor(sampleRate: number, options: Partial<JitterOptions> = {}) {
    this.#sampleRate = sampleRate;
    this.#options = { ...defaultJitter, ...options };
    this.#targetMs = this.#options.startMs;
  }

  /** The cushion as it is now, ms. */
  get targetMs(): number {
    return this.#targetMs;
  }

  /** Audio held, all utterances together, ms. */
  get bufferedMs(): number {
    let samples = 0;
    for (const buffer of this.#queue) samples += buffer.buffered;
    return (samples / this.#sampleRate) * 1000;
  }

  /** How often audio ran out mid-utterance. */
  get underruns(): number {
    return this.#underruns;
  }

  /** Samples that came twice, too late, or when the buffer was full. */
  get dropped(): number {
    return this.#dropped;
  }

  /** The utterance that is played, or is next. */
  get head(): UtteranceBuffer | undefined {
    return this.#queue[0];
  }

  push(utterance: number, offset: number, samples: Int16Array): void {
    const buffer = this.#buffer(utterance);
    const full = this.bufferedMs + (samples.length / this.#sampleRate) * 1000 > this.#options.maxBufferedMs;
    const accepted = buffer === undefined || full ? 0 : buffer.insert(offset, samples);
    this.#dropped += samples.length - accepted;
  }

  end(utterance: number): void {
    this.#buffer(utterance)?.end();
  }

  /** Drops the utterances numbered `upTo` or lower, for ever, and gives back those that were queued, in playing order. */
  clear(upTo: number = Number.POSITIVE_INFINITY): UtteranceBuffer[] {
    const cleared = this.#queue.filter(({ utterance }) => utterance <= upTo);
    // Without a number: what is here. A later utterance has a higher number and is not meant.
    const last = Number.isFinite(upTo) ? upTo : Math.max(0, ...cleared.map(({ utterance }) => utterance));
    this.#clearedUpTo = Math.max(this.#clearedUpTo, last);
    if (cleared.includes(this.#queue[0] as UtteranceBuffer)) this.#pause();
    this.#queue = this.#queue.filter(({ utterance }) => utterance > upTo);
    return cleared;
  }

  /** What comes next. Answering `wait` mid-utterance counts as an underrun, once. */
  poll(): Poll {
    const head = this.#queue[0];
    if (head === undefined) return "idle";
    if (head.finished) return "finished";
    if (!this.#playing) {
      const enough = (head.buffered / this.#sampleRate) * 1000 >= this.#targetMs;
      const tired = this.#waitedMs >= this.#targetMs + PATIENCE_MS;
      if (tired && head.buffered === 0 && this.#queue.length > 1) {
        // Its end was lost, and the next utterance waits behind it.
        head.end();
        return "finished";
      }
      if (!enough && !head.ended && !(tired && head.buffered > 0)) return "wait";
      this.#playing = true;
    }
    if (head.gap > 0) return "gap";
    if (head.buffered > 0) return "play";
    this.#underruns++;
    this.#targetMs = Math.min(this.#options.maxMs, this.#targetMs + this.#options.growMs);
    this.#smoothMs = 0;
    this.#pause();
    return "wait";
  }

  /** Reads from the head; call after `poll` said `play`. */
  read(target: Float32Array, length: number): number {
    const count = this.#queue[0]?.read(target, length) ?? 0;
    this.#smoothMs += (count / this.#sampleRate) * 1000;
    if (this.#smoothMs >= this.#options.shrinkAfterMs) {
      this.#smoothMs = 0;
      this.#targetMs = Math.max(this.#options.minMs, this.#targetMs - this.#options.shrinkMs);
    }
    return count;
  }

  /** Time passed while nothing was played. */
  waited(ms: number): void {
    if (this.#queue.length > 0) this.#waitedMs += ms;
  }

  /** Leaves a finished head behind. */
  advance(): void {
    const done = this.#queue.shift();
    this.#pause();
    if (done === undefined) return;
    this.#closed.add(done.utterance);
    if (this.#closed.size > REMEMBERED) this.#closed.delete(this.#closed.values().next().value as number);
  }

  #pause(): void {
    this.#playing = false;
    this.#waitedMs = 0;
  }

  #buffer(utterance: number): UtteranceBuffer | undefined {
    if (utterance <= this.#clearedUpTo || this.#closed.has(utterance)) return undefined;
    const known = this.#queue.find((buffer) => buffer.utterance === utterance);
    if (known || this.#queue.length >= MAX_QUEUED) return known;
    const made = new UtteranceBuffer(utterance);
    this.#queue.push(made);
    return made;
  }
}
