import {
  abortedError,
  BoundedQueue,
  type Clock,
  frameDurationMs,
  RoomKitError,
  type SpeechPart,
  type TtsOptions,
  type TtsProvider,
} from "@roomkit/core";
import type { SpeechFilter } from "./filter/speech-filter.ts";
import type { SentenceOptions } from "./sentences.ts";
import { speechPieces } from "./speech-pieces.ts";

/** Audio that is taken of a voice ahead at most, ms. */
export const MAX_AHEAD_MS = 4_000;
/** A voice that was not used by then is given up, ms. */
export const MAX_UNUSED_MS = 15_000;
/** Deltas that wait to be cut into pieces at most. */
const MAX_DELTAS = 4_096;

/** What became of speech that was synthesized ahead. */
export interface SpeechAheadEnd {
  /** It was used, and the voice was asked so many ms earlier than otherwise; undefined: it was not. */
  readonly earlierMs: number | undefined;
  /** What the voice was given, in characters. */
  readonly chars: number;
  /** What it had made of that by then, ms. */
  readonly audioMs: number;
}

export interface SpeechAheadOptions {
  readonly clock: Clock;
  readonly tts: TtsProvider;
  /** How the text would be spoken. */
  readonly spoken: Omit<TtsOptions, "signal">;
  readonly filter: SpeechFilter;
  readonly sentences: SentenceOptions | undefined;
  /** Ends it, as long as it is not used. */
  readonly signal: AbortSignal;
  /** Asked when the voice is about to be: whether it may. */
  readonly may: () => boolean;
  /** Called once, if the voice was asked. */
  readonly onEnd: (end: SpeechAheadEnd) => void;
}

/**
 * The first piece of an answer that may be wanted soon, synthesized while that is found out. The voice then waits for the rest; an utterance that begins
 * with the very same piece, in the same voice, goes on with it ({@link SpeechAhead.voice}), and anything else throws it away:
 *
 *     what happens                      no piece yet             the voice speaks              it is used
 *     the first piece is whole          the voice is asked, if   nothing: one is enough        nothing
 *                                       that may be
 *     an utterance, the same piece      spoken as any            it is used                    (spoken as any)
 *     another piece, voice, speed       spoken as any            thrown away                   (spoken as any)
 *     nothing is said at all            over                     thrown away                   (does not happen)
 *     4 s of audio                                               no more is taken              taken as it is wanted
 *     the voice fails, ends too early                            thrown away when wanted       fails as any
 *     its signal, 15 s with the voice   over                     thrown away                   nothing
 *     the utterance is silenced         over                     thrown away                   the voice is stopped
 */
export class SpeechAhead {
  readonly #options: SpeechAheadOptions;
  readonly #text = new BoundedQueue<string>({ capacity: MAX_DELTAS, overflow: "throw" });
  readonly #abort = new AbortController();
  readonly #made: SpeechPart[] = [];
  #state: "waits" | "speaks" | "used" | "over" = "waits";
  #piece = "";
  #askedAt = 0;
  #audioMs = 0;
  #parts: AsyncIterator<SpeechPart> | undefined;
  #making: Promise<void> = Promise.resolve();
  #ended = false;
  #failure: { readonly error: unknown } | undefined;
  #giveRest: (pieces: AsyncIterator<string> | undefined) => void = () => {};
  #stopTimer = (): void => {};

  constructor(options: SpeechAheadOptions) {
    this.#options = options;
    options.signal.addEventListener("abort", this.discard, { once: true });
    if (options.signal.aborted) this.discard();
    else void this.#begin();
  }

  /** Whether it is of no use any more. */
  get over(): boolean {
    return this.#state === "over";
  }

  /** More of the text; `over`: that is all of it. */
  push(text: string, over: boolean): void {
    if (this.#state !== "waits") return;
    if (text !== "") this.#text.push(text);
    if (over) this.#text.end();
  }

  /** A voice for the utterance that is to say the text; undefined: nothing was synthesized ahead, nor will be. */
  voice(): TtsProvider | undefined {
    if (this.#state !== "speaks") {
      this.discard();
      return undefined;
    }
    const { name, capabilities } = this.#options.tts;
    return { name, capabilities, synthesize: (text, options) => this.#speak(text, options) };
  }

  /** Throws it away, unless it is used. */
  readonly discard = (): void => {
    if (this.#state === "used" || this.#state === "over") return;
    const asked = this.#state === "speaks";
    this.#state = "over";
    this.#letGo();
    this.#made.length = 0;
    this.#stop("what was synthesized ahead is not wanted");
    if (asked) this.#options.onEnd({ earlierMs: undefined, chars: this.#piece.length, audioMs: this.#audioMs });
  };

  /** Waits for the first piece and asks the voice. Never rejects: a filter that throws will do so again when it matters. */
  async #begin(): Promise<void> {
    const { filter, sentences, may } = this.#options;
    try {
      for await (const { spoken } of speechPieces(this.#text, { filter, sentences })) {
        if (spoken === "") continue;
        if (this.#state === "waits" && may()) this.#ask(spoken);
        break;
      }
    } catch {
      this.discard();
    }
    if (this.#state === "waits") this.discard();
  }

  #ask(piece: string): void {
    const { clock, tts, spoken } = this.#options;
    this.#state = "speaks";
    this.#piece = piece;
    this.#askedAt = clock.now();
    this.#stopTimer = clock.setTimeout(this.discard, MAX_UNUSED_MS);
    const rest = new Promise<AsyncIterator<string> | undefined>((resolve) => {
      this.#giveRest = resolve;
    });
    this.#making = this.#make(tts.synthesize(followedBy(piece, rest), { ...spoken, signal: this.#abort.signal }));
  }

  /** Never rejects. */
  async #make(speech: AsyncIterable<SpeechPart>): Promise<void> {
    try {
      const parts = speech[Symbol.asyncIterator]();
      this.#parts = parts;
      while (this.#state === "speaks" && this.#audioMs < MAX_AHEAD_MS) {
        const step = await parts.next();
        if (this.over) return;
        this.#ended = step.done === true;
        if (step.done) return;
        this.#made.push(step.value);
        if (step.value.type === "audio") this.#audioMs += frameDurationMs(step.value.frame);
      }
    } catch (error) {
      this.#failure = { error };
    }
  }

  async *#speak(text: AsyncIterable<string>, options: TtsOptions): AsyncGenerator<SpeechPart, void, undefined> {
    const pieces = text[Symbol.asyncIterator]();
    try {
      const first = await pieces.next();
      if (first.done) return this.discard();
      if (this.#take(first.value, options)) yield* this.#goOn(pieces, options.signal);
      else yield* this.#options.tts.synthesize(followedBy(first.value, Promise.resolve(pieces)), options);
    } finally {
      this.discard();
      await pieces.return?.();
    }
  }

  /** Whether this is what an utterance says that begins like that; otherwise it is thrown away. */
  #take(piece: string, { voice, language, speed }: TtsOptions): boolean {
    const { clock, spoken, onEnd } = this.#options;
    const same = spoken.voice === voice && spoken.language === language && spoken.speed === speed;
    // A voice that ended before its text did has nothing to go on with.
    if (this.#state !== "speaks" || !same || piece !== this.#piece || this.#failure || this.#ended) {
      this.discard();
      return false;
    }
    this.#state = "used";
    this.#letGo();
    onEnd({ earlierMs: clock.now() - this.#askedAt, chars: piece.length, audioMs: this.#audioMs });
    return true;
  }

  async *#goOn(pieces: AsyncIterator<string>, signal: AbortSignal): AsyncGenerator<SpeechPart, void, undefined> {
    const onAbort = (): void => this.#abort.abort(signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
    try {
      if (signal.aborted) throw abortedError(signal);
      this.#giveRest(pieces);
      // The newest part may be on its way.
      const making = this.#making;
      for (;;) {
        for (let part = this.#made.shift(); part; part = this.#made.shift()) yield part;
        await making;
        if (this.#made.length === 0) break;
      }
      if (this.#failure) throw this.#failure.error;
      for (let step = await this.#next(); !step.done; step = await this.#next()) yield step.value;
    } catch (error) {
      if (signal.aborted) throw abortedError(signal);
      throw error;
    } finally {
      signal.removeEventListener("abort", onAbort);
      this.#stop("the utterance is over");
    }
  }

  async #next(): Promise<IteratorResult<SpeechPart>> {
    if (this.#ended || !this.#parts) return { done: true, value: undefined };
    return this.#parts.next();
  }

  #letGo(): void {
    this.#stopTimer();
    this.#options.signal.removeEventListener("abort", this.discard);
    void this.#text.return();
  }

  #stop(why: string): void {
    this.#abort.abort(new RoomKitError("aborted", why));
    this.#giveRest(undefined);
    void Promise.resolve(this.#parts?.return?.()).catch(() => {});
  }
}

/** A piece, and those that come after it when they are known. */
async function* followedBy(
  piece: string,
  rest: Promise<AsyncIterator<string> | undefined>,
): AsyncGenerator<string, void, undefined> {
  yield piece;
  const pieces = await rest;
  if (!pieces) return;
  for (let step = await pieces.next(); !step.done; step = await pieces.next()) yield step.value;
}
