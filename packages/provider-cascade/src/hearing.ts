import {
  type Clock,
  frameDurationMs,
  type PipelineStream,
  type RoomKitError,
  SpeechSegment,
  type SttProvider,
  type Unsubscribe,
} from "@roomkit/core";

export interface HearingOptions {
  readonly pipeline: PipelineStream;
  readonly stt: SttProvider;
  readonly clock: Clock;
  readonly language?: string | undefined;
  /** The application marks the turns; the VAD has no say. */
  readonly manual: boolean;
  readonly interruptAfterMs: number;
  readonly finalTimeoutMs: number;
  readonly maxFrames: number;
  /** Speech that has lasted: an interruption if anybody else is speaking. */
  readonly onSpeech: () => void;
  readonly onPartial: (id: string, text: string) => void;
  /** What was said, when all of it is known; empty for noise. */
  readonly onFinal: (id: string, text: string) => void;
  readonly onError: (error: RoomKitError) => void;
}

/** The caller's speech as text: one recogniser stream for each stretch of speech the VAD finds. */
export class Hearing {
  readonly #options: HearingOptions;
  readonly #subscriptions: Unsubscribe[];
  readonly #segments = new Set<SpeechSegment>();
  #count = 0;
  #current: SpeechSegment | undefined;
  #stopTimer: () => void = () => {};

  constructor(options: HearingOptions) {
    this.#options = options;
    const { pipeline } = options;
    this.#subscriptions = [
      pipeline.on("frame", ({ frame, speech }) => {
        if (speech || options.manual) this.#current?.push(frame);
      }),
      pipeline.on("speech-start", ({ timestamp, preRoll }) => {
        if (options.manual) return;
        const segment = this.begin();
        for (const frame of preRoll) segment.push(frame);
        const last = preRoll.at(-1);
        const elapsed = last === undefined ? 0 : last.timestamp + frameDurationMs(last) - timestamp;
        this.#stopTimer = options.clock.setTimeout(options.onSpeech, Math.max(0, options.interruptAfterMs - elapsed));
      }),
      pipeline.on("speech-end", () => {
        if (!options.manual) this.end();
      }),
    ];
  }

  /** Somebody speaks, or what was said is not known yet. */
  get busy(): boolean {
    return this.#segments.size > 0;
  }

  /** A stretch of speech begins: everything heard from now on belongs to it. */
  begin(): SpeechSegment {
    this.#current?.finish();
    const { stt, clock, language, finalTimeoutMs, maxFrames, onPartial, onFinal, onError } = this.#options;
    const id = `u${++this.#count}`;
    const segment: SpeechSegment = new SpeechSegment(this.#count, {
      stt,
      clock,
      language,
      finalTimeoutMs,
      maxFrames,
      onPartial: (text) => onPartial(id, text),
      onFinal: (text) => {
        this.#segments.delete(segment);
        onFinal(id, text);
      },
      onError,
    });
    this.#segments.add(segment);
    this.#current = segment;
    return segment;
  }

  /** It is over. */
  end(): void {
    this.#stopTimer();
    this.#current?.finish();
    this.#current = undefined;
  }

  close(): void {
    this.#stopTimer();
    for (const stop of this.#subscriptions) stop();
    for (const segment of this.#segments) segment.drop();
    this.#segments.clear();
  }
}
