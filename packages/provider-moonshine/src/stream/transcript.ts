import {
  type AbortScope,
  type AudioFrame,
  abortedError,
  assertFrame,
  RoomKitError,
  type TranscriptPart,
} from "@roomkit/core";
import { SAMPLE_RATE } from "../engine/format.ts";
import { isNoise } from "../engine/noise.ts";
import type { MoonshineResult } from "../engine/worker.ts";
import { AudioBuffer, SEEN, type Span, TAIL } from "./audio-buffer.ts";
import { Decoding, type MoonshinePool } from "./decoding.ts";
import { Wake } from "./wake.ts";

export interface TranscriptOptions {
  readonly pool: MoonshinePool;
  /** Of this call alone. */
  readonly scope: AbortScope;
  /** New audio between two guesses, in samples; 0: no guesses are told. */
  readonly guessEvery: number;
  /** Speech longer than this is settled in pieces, in samples. */
  readonly segment: number;
  readonly noiseGate: boolean;
}

/** How often it is looked whether there is something to guess, in samples: 100 ms. */
const LOOK_EVERY = 1_600;
/** A guess may be made once for every tenth of what has to be decoded for it: one long speech must not keep a worker busy. */
const GUESS_SHARE = 0.1;
/** Errors after which the next decode may succeed. */
const PASSING: ReadonlySet<string> = new Set(["busy", "preempted", "aborted", "timeout", "worker_crashed"]);

/** Yields what is said in the audio, settled when it ends or grows too long. */
export async function* transcript(
  audio: AsyncIterable<AudioFrame>,
  options: TranscriptOptions,
): AsyncGenerator<TranscriptPart, void, undefined> {
  const { signal } = options.scope;
  if (signal.aborted) throw abortedError(signal);
  yield* new Transcription(audio[Symbol.asyncIterator](), options).parts();
}

/** The transcription of one stream: what came in, what is being decoded, and what has been told. */
class Transcription {
  readonly #options: TranscriptOptions;
  readonly #source: AsyncIterator<AudioFrame>;
  readonly #buffer = new AudioBuffer();
  readonly #wake = new Wake();
  /** Parts to be yielded. */
  readonly #parts: TranscriptPart[] = [];
  #reading = false;
  #ended = false;
  #failure: { readonly error: unknown } | undefined;
  /** The one decode under way, and where the audio ends that it settles when it is a final. */
  #decoding: Decoding | undefined;
  #until = 0;
  /** The last guess that was made, and what it covers. */
  #guess: { readonly span: Span; readonly result: MoonshineResult } | undefined;
  /** The partial that the reader holds. */
  #told = "";
  /** Where the audio ended when it was last looked for something to guess, and when the last guess was begun. */
  #looked = 0;
  #guessed = 0;

  constructor(source: AsyncIterator<AudioFrame>, options: TranscriptOptions) {
    this.#source = source;
    this.#options = options;
  }

  async *parts(): AsyncGenerator<TranscriptPart, void, undefined> {
    const { scope, pool } = this.#options;
    const ring = (): void => this.#wake.ring();
    scope.signal.addEventListener("abort", ring, { once: true });
    pool.prepare();
    try {
      for (;;) {
        if (scope.aborted) throw abortedError(scope.signal);
        if (this.#decoding?.outcome) this.#conclude(this.#decoding);
        if (this.#failure) throw this.#failure.error;
        const more = this.#decoding?.final || this.#decide();
        const part = this.#parts.shift();
        if (part) yield part;
        else if (!more) return;
        else {
          this.#read();
          await this.#wake.wait();
        }
      }
    } finally {
      scope.signal.removeEventListener("abort", ring);
      scope.abort(new RoomKitError("aborted", "nobody reads the transcript any more"));
      // Not awaited: a source that is stuck must not hold anything up.
      void this.#source.return?.()?.catch(() => {});
    }
  }

  /** Asks for the next frame, unless one is on its way or there is enough to do. */
  #read(): void {
    const held = this.#buffer.end - this.#buffer.start;
    if (this.#reading || this.#ended || held >= 2 * this.#options.segment) return;
    this.#reading = true;
    this.#source
      .next()
      .then((next) => {
        if (next.done) this.#ended = true;
        else this.#buffer.push(checked(next.value));
      })
      .catch((error: unknown) => {
        this.#failure = { error };
      })
      .finally(() => {
        this.#reading = false;
        this.#wake.ring();
      });
  }

  /** Takes what came of the decode under way. */
  #conclude({ span, final, promoted, outcome }: Decoding): void {
    this.#decoding = undefined;
    if (!outcome) return;
    if ("error" in outcome && promoted) {
      // It may have given way in the very moment in which it became the final.
      this.#decode(span, this.#until);
    } else if ("error" in outcome) {
      // A guess that was not made is no loss; what cannot work at all shall be known at once.
      const passing = RoomKitError.is(outcome.error) && PASSING.has(outcome.error.code);
      if (final || !passing) this.#failure = outcome;
    } else if (final) {
      this.#settle(outcome.result, this.#until);
    } else {
      this.#guess = { span, result: outcome.result };
      const text = this.#textOf(outcome.result);
      if (this.#options.guessEvery === 0 || text === "" || text === this.#told) return;
      this.#told = text;
      this.#parts.push({ type: "partial", text, confidence: outcome.result.confidence });
    }
  }

  /** Decides what is to be decoded next. False when all is said. */
  #decide(): boolean {
    const { segment } = this.#options;
    const { start, end } = this.#buffer;
    if (end - start > segment) {
      const cut = this.#buffer.quietest({ from: start + segment / 2, to: start + segment });
      this.#decode({ from: start, to: cut }, cut);
      return true;
    }
    if (!this.#ended) {
      this.#guessWhenDue();
      return true;
    }
    const speech = this.#buffer.speech();
    if (!speech) {
      const retract = this.#told !== "";
      if (retract) this.#settle(undefined, end);
      return false;
    }
    if (this.#guess && this.#buffer.covers(this.#guess.span)) {
      // All that came since the last guess is quiet: it is the final already.
      this.#settle(this.#guess.result, end);
      return false;
    }
    if (this.#decoding && this.#buffer.covers(this.#decoding.span)) {
      this.#decoding.makeFinal();
      this.#until = end;
    } else {
      this.#decode(speech, end);
    }
    return true;
  }

  #guessWhenDue(): void {
    const { pool, guessEvery } = this.#options;
    const { start, end } = this.#buffer;
    // A speaker who pauses may have finished: then a guess is the final, and it is there before anybody asks for it. Between words it is quiet for a
    // moment, too: there only so much is tried as for partials.
    const quiet = this.#buffer.quiet();
    const affordable = end - this.#guessed >= (end - start) * GUESS_SHARE;
    const settled = quiet >= (affordable ? SEEN : TAIL);
    if (this.#decoding) {
      // It must not wait for one that missed the end.
      if (settled && !this.#buffer.covers(this.#decoding.span)) this.#decoding.cancel();
      return;
    }
    if (!settled && end - this.#looked < LOOK_EVERY) return;
    if (!pool.idle) return;
    this.#looked = end;
    const speech = this.#buffer.speech();
    if (!speech || (this.#guess && this.#buffer.covers(this.#guess.span))) return;
    const due = guessEvery > 0 && affordable && end - this.#guessed >= guessEvery;
    if (!due && !settled) return;
    this.#guessed = end;
    this.#decode(speech);
  }

  /** Begins a decode in place of the one under way; with `until` a final one, which settles the audio up to there. */
  #decode(span: Span, until?: number): void {
    this.#decoding?.cancel();
    this.#until = until ?? 0;
    const { pool, scope } = this.#options;
    const job = { span, samples: this.#buffer.slice(span), final: until !== undefined };
    this.#decoding = new Decoding(pool, scope, job, () => this.#wake.ring());
  }

  /** This is what was said up to here, or nothing. */
  #settle(result: MoonshineResult | undefined, until: number): void {
    const text = result ? this.#textOf(result) : "";
    if (result && text !== "") {
      this.#parts.push({ type: "final", text, confidence: result.confidence, language: "en" });
    } else if (this.#told !== "") {
      // What was guessed was nothing after all: the reader must not keep it.
      this.#parts.push({ type: "partial", text: "" });
    }
    this.#told = "";
    this.#guess = undefined;
    this.#buffer.drop(until);
  }

  #textOf(result: MoonshineResult): string {
    return this.#options.noiseGate && isNoise(result) ? "" : result.text;
  }
}

function checked(frame: AudioFrame): Int16Array {
  assertFrame(frame);
  const { samples, sampleRate, channels } = frame;
  if (sampleRate === SAMPLE_RATE && channels === 1) return samples;
  throw new RoomKitError("unsupported_format", `Moonshine takes mono at ${SAMPLE_RATE} Hz`, {
    details: { sampleRate, channels },
  });
}
