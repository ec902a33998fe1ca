import {
  type Clock,
  frameDurationMs,
  type PipelineStream,
  type RoomKitError,
  SpeechMeter,
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
  /** So much speech was heard (not: so much time passed while the VAD had not given up): an interruption if anybody is speaking. */
  readonly onSpeech: () => void;
  readonly onPartial: (id: string, text: string) => void;
  /** What was said, when all of it is known, in the order in which it was said; empty for noise. */
  readonly onFinal: (id: string, text: string) => void;
  readonly onError: (error: RoomKitError) => void;
}

/** The caller's speech as text: one recogniser stream for each stretch of speech the VAD finds. */
export class Hearing {
  readonly #options: HearingOptions;
  readonly #subscriptions: Unsubscribe[];
  readonly #meter = new SpeechMeter();
  /** In the order in which they were spoken, with what they say once that is known. */
  readonly #segments = new Map<SpeechSegment, string | undefined>();
  #count = 0;
  #current: SpeechSegment | undefined;
  /** The speech under way has been told of. */
  #told = false;

  constructor(options: HearingOptions) {
    this.#options = options;
    const { pipeline } = options;
    this.#subscriptions = [
      pipeline.on("frame", (event) => {
        this.#meter.frame(event);
        if (!event.speech && !options.manual) return;
        this.#current?.push(event.frame);
        this.#judge();
      }),
      pipeline.on("speech-start", ({ timestamp, preRoll }) => {
        if (options.manual) return;
        const segment = this.begin();
        for (const frame of preRoll) segment.push(frame);
        const last = preRoll.at(-1);
        const elapsed = last === undefined ? 0 : last.timestamp + frameDurationMs(last) - timestamp;
        this.#meter.start(elapsed);
        this.#told = false;
        this.#judge();
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
        this.#segments.set(segment, text);
        this.#tell(onFinal);
      },
      onError,
    });
    this.#segments.set(segment, undefined);
    this.#current = segment;
    return segment;
  }

  /** It is over. */
  end(): void {
    this.#current?.finish();
    this.#current = undefined;
  }

  close(): void {
    for (const stop of this.#subscriptions) stop();
    for (const segment of this.#segments.keys()) segment.drop();
    this.#segments.clear();
  }

  #judge(): void {
    const { manual, interruptAfterMs, onSpeech } = this.#options;
    if (manual || this.#told || !this.#current || this.#meter.speechMs < interruptAfterMs) return;
    this.#told = true;
    onSpeech();
  }

  /** A result that is there before the one of earlier speech waits for it. */
  #tell(onFinal: HearingOptions["onFinal"]): void {
    for (const [segment, text] of this.#segments) {
      if (text === undefined) return;
      this.#segments.delete(segment);
      onFinal(`u${segment.id}`, text);
    }
  }
}
