import {
  type AudioFrame,
  errorFields,
  frameDurationMs,
  type TurnDecision,
  type VoiceSession,
  withTimeout,
} from "@roomkit/core";
import type { CallSettings } from "../options.ts";
import type { CallRoom } from "../room.ts";

/** A turn detector that takes longer is not listened to. */
const DETECTOR_TIMEOUT_MS = 500;
/** A turn detector hears at most the last so many ms. */
const DETECTOR_AUDIO_MS = 8_000;
/** Silence that ends a turn where a detector should have said, and did not. */
const UNADVISED_MS = 500;
/** Pauses remembered of a caller. */
const MAX_PAUSES = 32;

/** Whether a pause ends a turn. */
export interface Endpoint {
  /** What the detector thinks; true without one. */
  readonly complete: boolean;
  /** How long to wait from now before the turn is answered, in ms. */
  readonly waitMs: number;
  /** What it went by, where it says. */
  readonly reason?: string | undefined;
}

export interface EndpointingOptions {
  readonly room: CallRoom;
  readonly settings: CallSettings;
  readonly session: VoiceSession;
  readonly signal: AbortSignal;
}

/** Judges the pauses of one caller: by the detector, within the limits of the call. */
export class Endpointing {
  readonly #options: EndpointingOptions;
  readonly #pauses: number[] = [];
  #audio: AudioFrame[] = [];
  #audioMs = 0;
  /** When the speech before the pause under way ended, capture clock; undefined: what comes next is no part of the same turn. */
  #endedAt: number | undefined;
  /** When the turn under way began, on the clock. */
  #beganAt: number | undefined;

  constructor(options: EndpointingOptions) {
    this.#options = options;
  }

  /** Keeps the newest audio. */
  hear(frame: AudioFrame): void {
    if (!this.#options.settings.turnDetector) return;
    this.#audio.push(frame);
    this.#audioMs += frameDurationMs(frame);
    while (this.#audioMs > DETECTOR_AUDIO_MS) this.#audioMs -= frameDurationMs(this.#audio.shift() as AudioFrame);
  }

  /** Speech began at this time of the capture clock: it goes on after a pause, or is the first of a turn. */
  began(timestamp: number): void {
    const { room, settings } = this.#options;
    const pauseMs = timestamp - (this.#endedAt ?? Number.NEGATIVE_INFINITY);
    this.#endedAt = undefined;
    if (pauseMs > settings.maxEndpointMs) this.#beganAt = room.clock.now();
    if (!(pauseMs > 0 && pauseMs <= settings.maxEndpointMs)) return;
    if (this.#pauses.push(pauseMs) > MAX_PAUSES) this.#pauses.shift();
  }

  /** Speech ended at this time of the capture clock. */
  ended(timestamp: number): void {
    this.#endedAt = timestamp;
  }

  /** The assistant is heard: what the caller says next is a reply. */
  answered(): void {
    this.#endedAt = undefined;
  }

  /** The turn is taken: the next one is judged by its own audio. */
  taken(): void {
    this.#audio = [];
    this.#audioMs = 0;
  }

  /** Judges the pause after `speechEndedAt`, on the clock. Never rejects: a detector that fails or is slow costs its advice only. */
  async judge(transcript: string, speechEndedAt: number | undefined): Promise<Endpoint> {
    const { room, settings } = this.#options;
    const { minEndpointMs, maxEndpointMs, maxTurnMs } = settings;
    const endedAt = speechEndedAt ?? room.clock.now();
    const overdue = this.#beganAt !== undefined && room.clock.now() - this.#beganAt >= maxTurnMs;
    const decision = settings.turnDetector && !overdue ? await this.#ask(transcript, endedAt) : CERTAIN;
    const silenceMs = room.clock.now() - endedAt;
    const wait = (untilMs: number): number => Math.max(0, untilMs - silenceMs);
    if (!decision) return { complete: true, waitMs: wait(Math.max(minEndpointMs, UNADVISED_MS)) };
    const { complete, waitMs = maxEndpointMs, reason } = decision;
    // Milliseconds by a detector may be anything.
    const asked = complete || !(waitMs > 0) ? 0 : waitMs;
    return { complete, waitMs: wait(Math.min(Math.max(silenceMs + asked, minEndpointMs), maxEndpointMs)), reason };
  }

  async #ask(transcript: string, endedAt: number): Promise<TurnDecision | undefined> {
    const { room, session, settings, signal } = this.#options;
    const { turnDetector, language, minEndpointMs, maxEndpointMs } = settings;
    const asked = async (detector: NonNullable<typeof turnDetector>): Promise<TurnDecision> => {
      const history = await room.history(10);
      const silenceMs = Math.max(0, room.clock.now() - endedAt);
      const heard = { silenceMs, audio: [...this.#audio], pauses: [...this.#pauses] };
      const context = { transcript, history, ...heard, language, minEndpointMs, maxEndpointMs };
      return detector.evaluate(context, { signal });
    };
    try {
      if (!turnDetector) return undefined;
      const decision = await withTimeout(asked(turnDetector), DETECTOR_TIMEOUT_MS, {
        ...{ clock: room.clock, signal, what: "turn detection" },
      });
      return typeof decision?.complete === "boolean" ? decision : undefined;
    } catch (error) {
      const failed = { session: session.id, detector: turnDetector?.name, ...errorFields(error) };
      if (!signal.aborted) room.logger.warn(failed, "turn detection failed");
      return undefined;
    }
  }
}

const CERTAIN: TurnDecision = { complete: true, confidence: 1 };
