import {
  type AIOptions,
  type AIPart,
  type AIProvider,
  type AIRequest,
  abortedError,
  type Clock,
  RoomKitError,
  type SpeechPart,
  type SttOptions,
  type SttProvider,
  silence,
  type TranscriptPart,
  type TtsCapabilities,
  type TtsOptions,
  type TtsProvider,
} from "@roomkit/core";

/** What one stream of the scripted recogniser does. */
export interface SttScript {
  /** Yielded when the first audio has come. */
  readonly partials?: readonly string[] | undefined;
  /** Yielded after the audio has ended. */
  readonly finals?: readonly string[] | undefined;
  /** Time from the end of the audio to the finals, in ms. */
  readonly delayMs?: number | undefined;
  /** Fails instead of finishing. */
  readonly error?: RoomKitError | undefined;
  /** Never finishes until aborted. */
  readonly hang?: boolean | undefined;
}

/** A recogniser that plays one script after the other, a stream each; without a script left it hears nothing. */
export class ScriptedStt implements SttProvider {
  readonly name = "scripted-stt";
  readonly capabilities = { streaming: true, turnDetection: false, wordTimings: false } as const;
  /** Streams running now. */
  open = 0;
  /** What each stream was opened with. */
  readonly options: SttOptions[] = [];
  /** Frames given to each stream so far. */
  readonly frames: number[] = [];
  readonly #clock: Clock;
  readonly #scripts: SttScript[];

  constructor(clock: Clock, scripts: readonly SttScript[]) {
    this.#clock = clock;
    this.#scripts = [...scripts];
  }

  async *transcribe(audio: AsyncIterable<unknown>, options: SttOptions): AsyncGenerator<TranscriptPart> {
    this.options.push(options);
    const script = this.#scripts.shift() ?? {};
    const index = this.frames.push(0) - 1;
    this.open++;
    try {
      for await (const _ of audio) {
        const first = this.frames[index] === 0;
        this.frames[index] = (this.frames[index] ?? 0) + 1;
        if (options.signal.aborted) throw abortedError(options.signal);
        if (first) for (const text of script.partials ?? []) yield { type: "partial", text };
      }
      if (options.signal.aborted) throw abortedError(options.signal);
      await this.#clock.sleep(script.hang ? 1e9 : (script.delayMs ?? 0), options.signal);
      if (script.error) throw script.error;
      for (const text of script.finals ?? []) yield { type: "final", text };
    } finally {
      this.open--;
    }
  }
}

export interface ScriptedTtsOptions {
  /** Audio per character of text, in ms. Default 50. */
  readonly msPerChar?: number | undefined;
  readonly sampleRate?: number | undefined;
  readonly wordTimings?: boolean | undefined;
  /** Time before each piece's audio, in ms. */
  readonly delayMs?: number | undefined;
  /** Fails when it comes to a piece that contains this. */
  readonly failsOn?: string | undefined;
}

/** A voice of silence whose audio is as long as its text: what was heard can be computed by hand. */
export class ScriptedTts implements TtsProvider {
  readonly name = "scripted-tts";
  readonly capabilities: TtsCapabilities;
  open = 0;
  /** What each utterance was opened with. */
  readonly options: TtsOptions[] = [];
  /** The pieces it was given. */
  readonly spoken: string[] = [];
  readonly #clock: Clock;
  readonly #script: ScriptedTtsOptions;

  constructor(clock: Clock, options: ScriptedTtsOptions = {}) {
    this.#clock = clock;
    this.#script = options;
    const { sampleRate = 16_000, wordTimings = false } = options;
    this.capabilities = { streamingInput: true, wordTimings, sampleRate } as const;
  }

  async *synthesize(text: AsyncIterable<string>, options: TtsOptions): AsyncGenerator<SpeechPart> {
    this.options.push(options);
    const { msPerChar = 50, delayMs = 0, failsOn } = this.#script;
    const format = { sampleRate: this.capabilities.sampleRate, channels: 1 } as const;
    let at = 0;
    this.open++;
    try {
      for await (const piece of text) {
        this.spoken.push(piece);
        if (failsOn !== undefined && piece.includes(failsOn)) throw new RoomKitError("tts_broke", "scripted failure");
        if (delayMs > 0) await this.#clock.sleep(delayMs, options.signal);
        yield { type: "segment", text: piece };
        if (this.capabilities.wordTimings) yield { type: "words", words: timings(piece, at, msPerChar) };
        for (let left = piece.length * msPerChar; left > 0; left -= 20) {
          if (options.signal.aborted) throw abortedError(options.signal);
          yield { type: "audio", frame: silence(format, Math.min(20, left), at) };
          at += Math.min(20, left);
        }
      }
    } finally {
      this.open--;
    }
  }
}

function timings(
  piece: string,
  offsetMs: number,
  msPerChar: number,
): { text: string; startMs: number; endMs: number }[] {
  return [...piece.matchAll(/[\w']+/g)].map((match) => ({
    text: match[0],
    startMs: offsetMs + match.index * msPerChar,
    endMs: offsetMs + (match.index + match[0].length) * msPerChar,
  }));
}

/** What the scripted model answers: a text (streamed word by word), parts as they are, or an error. */
export type AIScript = string | readonly AIPart[] | RoomKitError;

/** A model that gives one scripted answer after the other and remembers what it was asked. */
export class ScriptedAI implements AIProvider {
  readonly name = "scripted-ai";
  readonly capabilities = { tools: true } as const;
  readonly requests: AIRequest[] = [];
  /** What each of them was made with. */
  readonly options: AIOptions[] = [];
  open = 0;
  /** Requests that ended by their signal. */
  aborted = 0;
  readonly #clock: Clock;
  readonly #answers: (AIScript | ((request: AIRequest) => AIScript))[];
  readonly #msPerWord: number;

  constructor(clock: Clock, answers: readonly (AIScript | ((request: AIRequest) => AIScript))[], msPerWord = 0) {
    this.#clock = clock;
    this.#answers = [...answers];
    this.#msPerWord = msPerWord;
  }

  async *generate(request: AIRequest, options: AIOptions): AsyncGenerator<AIPart> {
    this.requests.push(request);
    this.options.push(options);
    const next = this.#answers.shift() ?? "I have nothing more to say.";
    const answer = typeof next === "function" ? next(request) : next;
    this.open++;
    try {
      if (answer instanceof RoomKitError) throw answer;
      const parts: readonly AIPart[] =
        typeof answer === "string"
          ? [
              ...(answer.match(/\S+\s*/g) ?? []).map((text) => ({ type: "text-delta", text }) as const),
              { type: "finish", reason: "stop" },
            ]
          : answer;
      for (const part of parts) {
        if (this.#msPerWord > 0) await this.#clock.sleep(this.#msPerWord, options.signal);
        if (options.signal.aborted) throw abortedError(options.signal);
        yield part;
      }
    } catch (error) {
      if (options.signal.aborted) this.aborted++;
      throw error;
    } finally {
      this.open--;
    }
  }
}
