import type { PlayoutQueueOptions } from "./options.ts";
import { heardSamples, type UtteranceRecord } from "./utterances.ts";

const FRAME_MS = 20;
/** Past a client's last report of a track the clock carries the count on so far, ms: its reports are 200 ms apart. */
const CARRY_MS = 400;

/** Whether a client says what it has played, and what of it has been heard by what it said. */
export class Reports {
  readonly #rate: number;
  /** From its beginning. */
  readonly #always: boolean;
  readonly #marksMs: number | undefined;
  readonly #withinMs: number | undefined;
  #believed: boolean;
  /** By how much the client was behind the clock when it was last heard of, samples per channel. */
  #lag = 0;
  #cameAt = Number.NEGATIVE_INFINITY;
  #beganAt = Number.NEGATIVE_INFINITY;

  constructor({ playback, marksMs, reportsWithinMs, format }: PlayoutQueueOptions) {
    this.#rate = format.sampleRate;
    this.#always = playback === "reported";
    this.#believed = this.#always;
    this.#marksMs = marksMs;
    this.#withinMs = reportsWithinMs;
  }

  /** What is told of playing is what the client says. */
  get believed(): boolean {
    return this.#believed;
  }

  /** After `clear` the client's exact count follows. */
  get exact(): boolean {
    return this.#always || (this.#withinMs !== undefined && this.#believed);
  }

  /** The client says how much of `record` it has played; false when it is not one that says such things. */
  come(record: UtteranceRecord | undefined, playedSamples: number, now: number): record is UtteranceRecord {
    if (this.#marksMs !== undefined || this.#withinMs !== undefined) this.#believed = true;
    if (!record || !this.#believed) return false;
    const samples = Math.max(record.reported?.samples ?? 0, Math.min(playedSamples, record.sentAtMost));
    record.reported = { samples, at: now };
    if (this.#withinMs !== undefined && !record.cleared) this.#lag = Math.max(0, record.estimated - samples);
    this.#cameAt = now;
    return true;
  }

  /** The client begins to play after it had nothing. */
  begin(now: number): void {
    this.#beganAt = now;
  }

  /** The client does not do what it did, or what it says cannot be true: the clock alone tells, until it says something again. */
  fail(): void {
    if (!this.#always) this.#believed = false;
  }

  /** Samples of `record` that have been heard: what was said, carried on by the clock, but not past what the client would have spoken up of. */
  heard(record: UtteranceRecord, now: number): number {
    if (!this.#believed) return heardSamples(record, now, this.#rate);
    const silentMs = this.#marksMs ?? (this.#withinMs === undefined ? Number.POSITIVE_INFINITY : CARRY_MS);
    return heardSamples(record, now, this.#rate, silentMs + FRAME_MS, this.#lag);
  }

  /** What the client has played of `record` once that is all: by its word, or by that and the clock. Undefined while more may come. */
  whole(record: UtteranceRecord, now: number): number | undefined {
    if (!record.reported || !record.endSent) return undefined;
    const { samples } = record.reported;
    if (record.clientDone || samples >= record.sent) return samples;
    const carried = this.#withinMs !== undefined && !record.cleared && this.heard(record, now) >= record.sent;
    return carried ? record.sent : undefined;
  }

  /** The client should have said more of `record` by now. */
  overdue(record: UtteranceRecord, now: number): boolean {
    if (this.#withinMs === undefined || record.cleared || record.sentAtMost <= (record.reported?.samples ?? 0))
      return false;
    return now - Math.max(this.#cameAt, this.#beganAt) > this.#withinMs;
  }
}
