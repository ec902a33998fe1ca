import {
  type AudioFrame,
  abortedError,
  assertOptions,
  type Clock,
  frameDurationMs,
  type SttOptions,
  type SttProvider,
  type TranscriptPart,
} from "@roomkit/core";

export interface LabRecogniserOptions {
  /** Whether it tells what it has understood so far. Default true. */
  readonly partials?: boolean | undefined;
  /** Time from the end of the audio to the final text, ms. Default 100. */
  readonly finalMs?: number | undefined;
  /** Whether it takes the echo of the assistant's words for words, where it is louder than -30 dB. Default true. */
  readonly hearsEcho?: boolean | undefined;
}

/** A word that sounds at the microphone, in ms of the microphone's audio. */
export interface MicrophoneWord {
  readonly text: string;
  readonly fromMs: number;
  readonly toMs: number;
  readonly echo: boolean;
}

/**
 * A recogniser that takes no model: it knows what is said at the microphone when, and understands a word when it is given the audio of the
 * word's middle. What it is not given, it does not know.
 */
export class LabRecogniser implements SttProvider {
  readonly name = "lab-recogniser";
  readonly capabilities = { streaming: true, turnDetection: false, wordTimings: false } as const;
  /** Streams running now. */
  open = 0;
  readonly #clock: Clock;
  readonly #wordsIn: (fromMs: number, toMs: number) => readonly MicrophoneWord[];
  readonly #options: LabRecogniserOptions;

  /**
   * @param wordsIn the words whose middle is in a stretch of the microphone's audio
   * @throws RoomKitError `invalid_option`
   */
  constructor(
    clock: Clock,
    wordsIn: (fromMs: number, toMs: number) => readonly MicrophoneWord[],
    options: LabRecogniserOptions,
  ) {
    assertOptions("lab.recogniser", options, { boolean: ["partials", "hearsEcho"], number: ["finalMs"] });
    this.#clock = clock;
    this.#wordsIn = wordsIn;
    this.#options = options;
  }

  async *transcribe(audio: AsyncIterable<AudioFrame>, { signal }: SttOptions): AsyncGenerator<TranscriptPart> {
    const { partials = true, finalMs = 100, hearsEcho = true } = this.#options;
    const understood: string[] = [];
    this.open++;
    try {
      for await (const frame of audio) {
        if (signal.aborted) throw abortedError(signal);
        const words = this.#wordsIn(frame.timestamp, frame.timestamp + frameDurationMs(frame));
        const heard = words.filter(({ echo }) => hearsEcho || !echo);
        understood.push(...heard.map(({ text }) => text));
        if (partials && heard.length > 0) yield { type: "partial", text: understood.join(" ") };
      }
      await this.#clock.sleep(finalMs, signal);
      if (understood.length > 0) yield { type: "final", text: understood.join(" ") };
    } finally {
      this.open--;
    }
  }
}
