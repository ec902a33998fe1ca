import type { Clock, TurnMetrics } from "@roomkit/core";

/** Characters of what a turn detector says it went by. */
const MAX_REASON = 64;

/** Collects where the time of one turn went. All times count from when the caller stopped speaking. */
export class TurnWaterfall {
  readonly #clock: Clock;
  readonly #origin: number;
  readonly #speechMs: number | undefined;
  #marks: {
    endpointMs?: number | undefined;
    transcriptMs?: number | undefined;
    hooksMs?: number | undefined;
    firstTokenMs?: number | undefined;
    firstAudioMs?: number | undefined;
    replyMs?: number | undefined;
    decidedMs?: number | undefined;
    decidedBy?: string | undefined;
    preparedMs?: number | undefined;
    preparedSpeechMs?: number | undefined;
  } = {};

  constructor(clock: Clock, speech?: { readonly endedAt: number; readonly speechMs?: number | undefined }) {
    this.#clock = clock;
    this.#origin = speech?.endedAt ?? clock.now();
    this.#speechMs = speech?.speechMs;
  }

  /** Notes a stage at this moment (or at `at` on the clock); the first note of a stage counts. */
  mark(
    stage: keyof TurnMetrics &
      ("endpointMs" | "transcriptMs" | "hooksMs" | "decidedMs" | "firstTokenMs" | "firstAudioMs" | "replyMs"),
    at?: number,
  ): void {
    this.#marks[stage] ??= Math.max(0, Math.round((at ?? this.#clock.now()) - this.#origin));
  }

  /** What the turn detector went by. */
  decidedBy(reason: string | undefined): void {
    if (typeof reason === "string") this.#marks.decidedBy = reason.slice(0, MAX_REASON);
  }

  /** The model was asked so much earlier than the turn was taken. */
  prepared(earlierMs: number): void {
    this.#marks.preparedMs = Math.round(earlierMs);
  }

  /** The voice was asked so much earlier than the answer was there to be spoken. */
  preparedSpeech(earlierMs: number): void {
    this.#marks.preparedSpeechMs = Math.round(earlierMs);
  }

  report(turnId: string, interrupted: boolean): TurnMetrics {
    const speech = this.#speechMs === undefined ? {} : { speechMs: Math.round(this.#speechMs) };
    return { turnId, ...this.#marks, ...speech, interrupted };
  }
}
