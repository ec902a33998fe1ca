import { type DtmfPress, joinSamples } from "@roomkit/core";
import { Framer } from "./framer.ts";
import type { DtmfFrame } from "./options.ts";
import type { UtteranceRecord } from "./utterances.ts";

/** Of a frame that only tells of an end. */
export const EMPTY: Int16Array = new Int16Array(0);
const FRAME_MS = 20;
/** Less than a frame waits this long for more before it goes out as it is, ms. */
const CARRY_MS = 60;
/** Of a live source it waits only where pieces come that are shorter than this, ms: each would be a message. */
const SHORT_MS = 10;

/** A frame that waits to be sent. */
export interface Waiting {
  readonly record: UtteranceRecord;
  /** Interleaved; empty when only the end is to be told. */
  readonly samples: Int16Array;
  readonly dtmf?: DtmfFrame | undefined;
  /** It is of a key or of the pause after one: that has its length. */
  readonly key?: boolean | undefined;
  end: boolean;
}

/** What waits to be sent, in order, cut into frames. Counts are interleaved samples. */
export class Backlog {
  readonly #framer: Framer;
  readonly #silence: Int16Array;
  #waiting: Waiting[] = [];
  #samples = 0;
  #carriedSince = 0;
  readonly #put = (record: UtteranceRecord, samples: Int16Array, key = false, dtmf?: DtmfFrame): void => {
    const frame = { record, samples, dtmf, key, end: false };
    this.#count(frame);
    this.#waiting.push(frame);
  };

  constructor(frameSize: number) {
    this.#framer = new Framer(frameSize);
    this.#silence = new Int16Array(frameSize);
  }

  /** Samples waiting, with those that do not fill a frame yet. */
  get samples(): number {
    return this.#samples + this.#framer.carried;
  }

  get frames(): readonly Waiting[] {
    return this.#waiting;
  }

  get empty(): boolean {
    return this.#waiting.length === 0 && this.#framer.carried === 0;
  }

  /** `atOnce`: no part of it waits for more, where it is not very short. */
  add(record: UtteranceRecord, samples: Int16Array, now: number, atOnce = false): void {
    if (this.#framer.record !== record) this.#flushCarry();
    this.#framer.push(record, samples, this.#put);
    if (atOnce && samples.length * FRAME_MS >= this.#silence.length * SHORT_MS) this.#flushCarry();
    if (this.#framer.carried > 0) this.#carriedSince = now;
  }

  /** A key that is pressed, and the silence after it. */
  press(record: UtteranceRecord, { digit, toneMs, pauseMs }: DtmfPress): void {
    this.#flushCarry();
    const frames = Math.ceil(toneMs / FRAME_MS);
    for (let i = 0; i < frames; i++)
      this.#put(record, this.#silence, true, { digit, begins: i === 0, ends: i === frames - 1 });
    for (let ms = 0; ms < pauseMs; ms += FRAME_MS) this.#put(record, this.#silence, true);
  }

  /** The last frame of `record` ends it, or an empty one does. */
  end(record: UtteranceRecord): void {
    if (this.#framer.record === record) this.#flushCarry();
    const last = this.#waiting.at(-1);
    if (last?.record === record) last.end = true;
    else this.#waiting.push({ record, samples: EMPTY, end: true });
  }

  /** Lets less than a frame go when nothing else waits and nothing has come for a while. */
  release(now: number): void {
    if (this.#waiting.length === 0 && now - this.#carriedSince >= CARRY_MS) this.#flushCarry();
  }

  /** Whose audio is the next to be sent. */
  get next(): UtteranceRecord | undefined {
    return this.#waiting[0]?.record ?? this.#framer.record;
  }

  /**
   * Makes what is next, or, where nothing waits, `playing`, shorter when it is of a live source and late; to be called every 20 ms. `aheadMs` is
   * with the client, unplayed.
   */
  catchUp(playing: UtteranceRecord | undefined, aheadMs: number, now: number): void {
    const next = this.next ?? playing;
    const live = next?.live;
    if (!next || !live) return;
    const waitingMs = (next.queued / this.#silence.length) * FRAME_MS + Math.max(0, aheadMs);
    if (live.late(waitingMs, now) && next.queued > 0) this.#edit((samples) => live.shorten(samples, now), now);
  }

  /** While nobody listens to a live source, what it said before is not kept. */
  keepNewest(now: number): void {
    const live = this.next?.live;
    if (live) this.#edit((samples) => live.newest(samples), now);
  }

  /** The first `count` frames have been sent. */
  sent(count: number): void {
    for (let i = 0; i < count; i++) {
      const { record, samples } = this.#waiting[i] as Waiting;
      this.#samples -= samples.length;
      record.queued -= samples.length;
    }
    if (count === 1) this.#waiting.shift();
    else this.#waiting.splice(0, count);
  }

  /** Puts frames before all others. */
  prepend(frames: readonly Waiting[]): void {
    for (const frame of frames) this.#count(frame);
    this.#waiting = [...frames, ...this.#waiting];
  }

  /**
   * Drops all that waits of the oldest utterance and leaves its end: nothing more is accepted of it. A live source goes on with what it said
   * last. Returns whose audio that was, and how much.
   */
  dropOldest(now: number): { readonly record: UtteranceRecord; readonly samples: number } | undefined {
    const record = this.#waiting.find((frame) => frame.samples.length > 0)?.record;
    if (!record) return undefined;
    if (this.#framer.record === record) this.#flushCarry();
    const samples = record.queued;
    const goesOn = record.closed ? undefined : record.live;
    const newest = goesOn?.newest(samplesOf(this.#waiting.filter((frame) => frame.record === record))) ?? EMPTY;
    this.#waiting = this.#waiting.filter((frame) => frame.record !== record);
    this.#samples -= samples;
    record.queued = 0;
    if (!goesOn) {
      record.closed = true;
      this.#waiting.unshift({ record, samples: EMPTY, end: true });
      return { record, samples };
    }
    // A queue that holds less than a live source may be behind keeps nothing of it.
    const kept = newest.length < samples ? newest : EMPTY;
    if (kept.length > 0) this.add(record, kept, now);
    return { record, samples: samples - kept.length };
  }

  clear(): void {
    for (const { record } of this.#waiting) record.queued = 0;
    this.#waiting = [];
    this.#samples = 0;
    this.#framer.drop();
  }

  /** Puts what `edit` leaves of the audio that is the next to be sent, up to a key or another utterance, in its place. */
  #edit(edit: (samples: Int16Array) => Int16Array, now: number): void {
    const record = this.next;
    if (!record) return;
    const other = this.#waiting.findIndex((frame) => frame.record !== record || frame.key);
    const rest = other < 0 ? [] : this.#waiting.splice(other);
    // Otherwise the beginning of something else may be in the framer, and what is last here is a short frame.
    const whole = rest.length === 0 && (this.#framer.record ?? record) === record;
    if (whole) this.#flushCarry();
    const run = this.#waiting.splice(0);
    const samples = samplesOf(run);
    this.#samples -= samples.length;
    record.queued -= samples.length;
    const framer = whole ? this.#framer : new Framer(this.#silence.length);
    framer.push(record, edit(samples), this.#put);
    this.#carriedSince = now;
    const last = whole ? undefined : framer.flush();
    if (last) this.#put(record, last);
    if (run.at(-1)?.end) this.end(record);
    this.#waiting.push(...rest);
  }

  #flushCarry(): void {
    const { record } = this.#framer;
    const samples = this.#framer.flush();
    if (record && samples) this.#put(record, samples);
  }

  #count({ record, samples }: Waiting): void {
    this.#samples += samples.length;
    record.queued += samples.length;
  }
}

function samplesOf(frames: readonly Waiting[]): Int16Array {
  return joinSamples(frames.map(({ samples }) => samples));
}
