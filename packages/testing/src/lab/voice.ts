import {
  abortedError,
  assertOptions,
  type Clock,
  frameDurationMs,
  type SpeechPart,
  type TtsCapabilities,
  type TtsOptions,
  type TtsProvider,
  type UtteranceId,
  type WordTiming,
} from "@roomkit/core";
import type { Sound } from "./sound.ts";
import { spoken } from "./spoken.ts";

export interface LabVoiceOptions {
  /** Another voice, whose audio and word timings are used. Default: one that is computed, and sounds like nobody. */
  readonly tts?: TtsProvider | undefined;
  /** Whether the server is told where words lie; the caller's ear knows in any case. Default true. */
  readonly wordTimings?: boolean | undefined;
  /** Time before the first audio of each piece, ms; of the computed voice. Default 0. */
  readonly delayMs?: number | undefined;
}

interface Stream {
  readonly words: WordTiming[];
  audioMs: number;
  utterance?: UtteranceId;
}

const MOST_STREAMS = 32;
/** Another voice than any caller's. */
const VOICE_SEED = 5_000;

/**
 * The assistant's voice, listened to while it speaks: so the caller's ear knows which words lie where in what it plays. A new utterance on
 * the line is the newest of its streams that has given audio and has no utterance yet.
 */
export class LabVoice implements TtsProvider {
  readonly name = "lab-voice";
  readonly capabilities: TtsCapabilities;
  /** Streams running now. */
  open = 0;
  readonly #clock: Clock;
  readonly #sampleRate: number;
  readonly #options: LabVoiceOptions;
  #streams: Stream[] = [];

  /** @throws RoomKitError `invalid_option`. */
  constructor(clock: Clock, sampleRate: number, options: LabVoiceOptions) {
    assertOptions("lab.voice", options, { object: ["tts"], boolean: ["wordTimings"], number: ["delayMs"] });
    this.#clock = clock;
    this.#options = options;
    this.#sampleRate = sampleRate;
    const { tts, wordTimings = true } = options;
    const own = { streamingInput: true, wordTimings, sampleRate };
    this.capabilities = tts ? { ...tts.capabilities, wordTimings: wordTimings && tts.capabilities.wordTimings } : own;
  }

  /** Where the words of an utterance on the line lie in its audio. */
  wordsOf(utterance: UtteranceId): readonly WordTiming[] {
    const known = this.#streams.find((stream) => stream.utterance === utterance);
    if (known) return known.words;
    const newest = this.#streams.findLast((stream) => stream.utterance === undefined && stream.audioMs > 0);
    if (!newest) return [];
    newest.utterance = utterance;
    return newest.words;
  }

  async *synthesize(text: AsyncIterable<string>, options: TtsOptions): AsyncGenerator<SpeechPart> {
    const stream: Stream = { words: [], audioMs: 0 };
    this.#streams = [...this.#streams, stream].slice(-MOST_STREAMS);
    const parts = this.#options.tts?.synthesize(text, options) ?? this.#compute(text, options);
    this.open++;
    try {
      for await (const part of parts) {
        if (part.type === "words") stream.words.push(...part.words);
        if (part.type === "audio") stream.audioMs += frameDurationMs(part.frame);
        if (part.type !== "words" || this.capabilities.wordTimings) yield part;
      }
    } finally {
      this.open--;
    }
  }

  async *#compute(text: AsyncIterable<string>, { signal }: TtsOptions): AsyncGenerator<SpeechPart> {
    const { delayMs = 0 } = this.#options;
    const step = this.#sampleRate / 50;
    let at = 0;
    for await (const piece of text) {
      if (delayMs > 0) await this.#clock.sleep(delayMs, signal);
      const { samples, words } = this.#piece(piece);
      const offset = at;
      yield { type: "segment", text: piece };
      yield {
        type: "words",
        words: words.map((word) => ({ text: word.text, startMs: offset + word.startMs, endMs: offset + word.endMs })),
      };
      for (let from = 0; from < samples.length; from += step) {
        if (signal.aborted) throw abortedError(signal);
        const part = samples.subarray(from, from + step);
        yield { type: "audio", frame: { samples: part, sampleRate: this.#sampleRate, channels: 1, timestamp: at } };
        at += (part.length * 1000) / this.#sampleRate;
      }
    }
  }

  #piece(text: string): Sound {
    const made = spoken(text, this.#sampleRate, VOICE_SEED);
    // A breath after each piece, as voices do.
    const samples = new Int16Array(made.samples.length + Math.round(this.#sampleRate * 0.15));
    samples.set(made.samples);
    return { ...made, samples };
  }
}
