import { type AudioFrame, type Diarizer, RoomKitError, type SpeakerEvent } from "@roomkit/core";
import type { WorkerPool } from "@roomkit/worker-pool";
import type { AudioJob } from "../native/engine.ts";
import type { EnrolledVoices } from "./enrolled-voices.ts";
import { KnownVoices, type KnownVoicesOptions } from "./known-voices.ts";
import { RATE, type SpeechWindow, SpeechWindows } from "./speech-windows.ts";

export type EmbeddingPool = Pick<WorkerPool<AudioJob, Float32Array>, "run" | "close">;

export interface DiarizerSettings extends KnownVoicesOptions {
  readonly windowMs: number;
  readonly minLevel: number;
}

/** Whoever speaks after a pause this long may be another: what is gathered begins anew, in ms. */
const PAUSE_MS = 600;
/** Of less speech than this nothing can be told, ms. */
export const LEAST_MS = 500;
/** Windows that wait to be judged, the one being judged included; what comes beyond is left out. */
const MAX_WAITING = 3;
/** So many failures in a row are for good: nothing is judged any more, and every frame says so. */
const MAX_FAILURES = 5;
/** Judgements that were not asked for; beyond, the oldest is dropped. */
const MAX_EVENTS = 16;

/** One stream: gathers speech, has it judged in the background, and tells with a later frame, or to who waits, whose it was. */
export class SpeakerDiarizer implements Diarizer {
  readonly #pool: EmbeddingPool;
  readonly #windowMs: number;
  readonly #voices: KnownVoices;
  readonly #windows: SpeechWindows;
  readonly #events: SpeakerEvent[] = [];
  /** What is being judged belongs to the stream as long as this has not aborted. */
  #life = new AbortController();
  #judging: Promise<void> = Promise.resolve();
  #waiting = 0;
  #error: RoomKitError | undefined;
  /** In a row. */
  #failures = 0;
  #closed = false;

  constructor(pool: EmbeddingPool, settings: DiarizerSettings, enrolled: EnrolledVoices) {
    const { windowMs, minLevel } = settings;
    this.#pool = pool;
    this.#windowMs = windowMs;
    this.#voices = new KnownVoices(settings, enrolled);
    this.#windows = new SpeechWindows({
      ...{ windowMs, minLevel, pauseMs: PAUSE_MS },
      onWindow: (window) => this.#judge(window),
    });
  }

  process(frame: AudioFrame): SpeakerEvent | undefined {
    if (this.#closed) return undefined;
    this.#windows.push(frame);
    const error = this.#error;
    if (this.#failures < MAX_FAILURES) this.#error = undefined;
    if (error) throw error;
    return this.#events.shift();
  }

  async settle(): Promise<readonly SpeakerEvent[]> {
    if (this.#closed) return [];
    const { signal } = this.#life;
    const rest = this.#windows.take(Math.min(LEAST_MS, this.#windowMs));
    if (rest) this.#judge(rest);
    await this.#judging;
    return signal.aborted ? [] : this.#events.splice(0);
  }

  reset(): void {
    this.#life.abort();
    this.#life = new AbortController();
    this.#judging = Promise.resolve();
    this.#waiting = 0;
    this.#windows.reset();
    this.#voices.clear();
    this.#events.length = 0;
    this.#error = undefined;
    this.#failures = 0;
  }

  close(): void {
    this.reset();
    this.#closed = true;
  }

  #judge(window: SpeechWindow): void {
    if (this.#waiting >= MAX_WAITING || this.#failures >= MAX_FAILURES) return;
    this.#waiting++;
    const { signal } = this.#life;
    this.#judging = this.#judging.then(async () => {
      if (signal.aborted) return;
      try {
        const embedding = await this.#pool.run({ samples: window.samples }, { signal });
        if (!signal.aborted) this.#heard(embedding, window);
      } catch (error) {
        if (!signal.aborted) this.#fail(error);
      }
      if (!signal.aborted) this.#waiting--;
    });
  }

  #heard(embedding: Float32Array, { samples, from, to }: SpeechWindow): void {
    this.#failures = 0;
    const recognised = this.#voices.recognise(embedding, (samples.length / RATE) * 1000 < this.#windowMs);
    if (!recognised) return;
    const { speaker, likeness, renames } = recognised;
    const event = { speaker, confidence: Math.max(0, Math.min(1, likeness)), timestamp: from, durationMs: to - from };
    this.#events.push(renames === undefined ? event : { ...event, renames });
    if (this.#events.length > MAX_EVENTS) this.#events.shift();
  }

  #fail(error: unknown): void {
    this.#failures++;
    this.#error = RoomKitError.from(error, "engine_failed");
  }
}
