import { type AudioFrame, type Diarizer, Framer, RoomKitError, rms, type SpeakerEvent } from "@roomkit/core";
import type { WorkerPool } from "@roomkit/worker-pool";
import type { AudioJob } from "../native/engine.ts";
import { KnownVoices } from "./known-voices.ts";

export type EmbeddingPool = Pick<WorkerPool<AudioJob, Float32Array>, "run">;

export interface DiarizerSettings {
  readonly windowMs: number;
  readonly threshold: number;
  readonly maxSpeakers: number;
  readonly minLevel: number;
}

const RATE = 16_000;
const HOP_MS = 20;
/** Whoever speaks after a pause this long may be another: what is gathered begins anew, in ms. */
const PAUSE_MS = 600;

/** One stream: gathers speech, has it judged in the background, and tells with a later frame when the speaker has changed. */
export class SpeakerDiarizer implements Diarizer {
  readonly #pool: EmbeddingPool;
  readonly #settings: DiarizerSettings;
  readonly #voices: KnownVoices;
  readonly #framer = new Framer((RATE * HOP_MS) / 1000, RATE);
  readonly #window: Float32Array;
  #filled = 0;
  #from = 0;
  #quietMs = 0;
  #work: AbortController | undefined;
  #event: SpeakerEvent | undefined;
  #speaker: string | undefined;
  #error: RoomKitError | undefined;
  #failed = false;
  #closed = false;

  constructor(pool: EmbeddingPool, settings: DiarizerSettings) {
    this.#pool = pool;
    this.#settings = settings;
    this.#voices = new KnownVoices(settings.threshold, settings.maxSpeakers);
    this.#window = new Float32Array(Math.round((RATE * settings.windowMs) / 1000));
  }

  process(frame: AudioFrame): SpeakerEvent | undefined {
    if (this.#closed) return undefined;
    this.#framer.push(frame, this.#gather);
    const error = this.#error;
    this.#error = undefined;
    if (error) throw error;
    const event = this.#event;
    this.#event = undefined;
    return event;
  }

  reset(): void {
    this.#work?.abort();
    this.#work = undefined;
    this.#framer.reset();
    this.#voices.clear();
    this.#filled = 0;
    this.#quietMs = 0;
    this.#event = undefined;
    this.#speaker = undefined;
    this.#error = undefined;
  }

  close(): void {
    this.reset();
    this.#closed = true;
  }

  readonly #gather = (hop: Int16Array, timestamp: number): void => {
    if (rms(hop) < this.#settings.minLevel) {
      this.#quietMs += HOP_MS;
      if (this.#quietMs >= PAUSE_MS) this.#filled = 0;
      return;
    }
    this.#quietMs = 0;
    if (this.#filled === 0) this.#from = timestamp;
    const room = Math.min(hop.length, this.#window.length - this.#filled);
    for (let i = 0; i < room; i++) this.#window[this.#filled + i] = (hop[i] as number) / 32_768;
    this.#filled += room;
    if (this.#filled < this.#window.length) return;
    this.#filled = 0;
    // One at a time: what comes while the last is being judged is left out.
    if (!this.#work) this.#judge(this.#window.slice(), this.#from);
  };

  #judge(samples: Float32Array, timestamp: number): void {
    const work = new AbortController();
    this.#work = work;
    this.#pool
      .run({ samples }, { signal: work.signal })
      .then(
        (embedding) => {
          if (!work.signal.aborted) this.#heard(embedding, timestamp);
        },
        (error: unknown) => {
          if (work.signal.aborted || this.#failed) return;
          this.#failed = true;
          this.#error = RoomKitError.from(error, "engine_failed");
        },
      )
      .finally(() => {
        if (this.#work === work) this.#work = undefined;
      });
  }

  #heard(embedding: Float32Array, timestamp: number): void {
    const recognised = this.#voices.recognise(embedding);
    if (!recognised || recognised.speaker === this.#speaker) return;
    this.#speaker = recognised.speaker;
    const confidence = Math.max(0, Math.min(1, recognised.likeness));
    this.#event = { speaker: recognised.speaker, confidence, timestamp };
  }
}
