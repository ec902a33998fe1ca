import { keepNewest, type PlaybackProgress, type UtteranceId } from "@roomkit/core";
import type { LiveDelay } from "./live.ts";

/** What the queue knows of one utterance until it is done. Counts are samples per channel. */
export interface UtteranceRecord {
  readonly id: UtteranceId;
  /** Its number on the wire: 1 and up, in the order of first mention. */
  readonly number: number;
  /** Of a source that speaks now: what is late is caught up. */
  live: LiveDelay | undefined;
  /** Waiting in the queue. */
  queued: number;
  /** Handed to the client. */
  sent: number;
  /** Most ever handed to the client; more than `sent` after a rewind. */
  sentAtMost: number;
  /** Played as far as the pacing clock can tell. */
  estimated: number;
  /** Played as the client says, and when it said so; undefined before its first report. */
  reported: { samples: number; at: number } | undefined;
  /** The client said that it plays no more of it. */
  clientDone: boolean;
  /** Audio of it was queued at some time. */
  started: boolean;
  /** The application said that no more will come, or the rest was dropped: nothing more is accepted. */
  closed: boolean;
  /** The end went out, so that everything that will ever be sent has been. */
  endSent: boolean;
  cleared: boolean;
  /** When to stop waiting for the client's last word, ms; undefined while there is nothing to wait for. */
  settleBy: number | undefined;
}

/**
 * The best guess of how many samples of an utterance have been heard.
 *
 * @param aheadMs how far that may be past what the client said, ms. Default: any.
 * @param lag samples by which the client is known to be behind the clock. Default 0.
 */
export function heardSamples(
  record: UtteranceRecord,
  now: number,
  sampleRate: number,
  aheadMs: number = Number.POSITIVE_INFINITY,
  lag: number = 0,
): number {
  if (!record.reported) return Math.max(0, Math.min(record.estimated - lag, Math.floor((aheadMs * sampleRate) / 1000)));
  const { samples, at } = record.reported;
  const since = samples + Math.floor((Math.min(now - at, aheadMs) * sampleRate) / 1000);
  // Never less than the client said, never more than it was sent or than the clock allows.
  return Math.max(samples, Math.min(since, record.estimated));
}

export function progressOf(
  record: UtteranceRecord,
  samples: number,
  sampleRate: number,
  confidence: PlaybackProgress["confidence"],
  done: boolean,
): PlaybackProgress {
  return { utterance: record.id, playedMs: (samples / sampleRate) * 1000, confidence, done };
}

/** Utterances that are told of as playing at once. */
const MOST_PLAYING = 8;
/** Utterances that are over are remembered this long, so that audio that comes late for them is recognised. */
const REMEMBERED = 256;

/** The utterances of one connection by id and by number. Bounded: of those that are over, only the last few are remembered. */
export class Utterances {
  readonly #live = new Map<UtteranceId, UtteranceRecord>();
  readonly #over = new Map<UtteranceId, number>();
  #last = 0;

  /** The highest number given so far; 0 before the first. */
  get lastNumber(): number {
    return this.#last;
  }

  [Symbol.iterator](): Iterator<UtteranceRecord> {
    return this.#live.values();
  }

  /** Those of which a client may be playing something, the oldest first. */
  get playing(): readonly Pick<UtteranceRecord, "id" | "number">[] {
    const begun = [...this.#live.values()].filter(({ started, cleared }) => started && !cleared);
    return begun.slice(0, MOST_PLAYING).map(({ id, number }) => ({ id, number }));
  }

  /** Numbers begin after this one: lower ones were given by another process. */
  startAfter(number: number): void {
    this.#last = Math.max(this.#last, number);
  }

  get size(): number {
    return this.#live.size;
  }

  get(id: UtteranceId): UtteranceRecord | undefined {
    return this.#live.get(id);
  }

  byNumber(number: number): UtteranceRecord | undefined {
    for (const record of this.#live.values()) if (record.number === number) return record;
    return undefined;
  }

  /** The record of an utterance, made at first mention; undefined when it is over. */
  open(id: UtteranceId): UtteranceRecord | undefined {
    const known = this.#live.get(id);
    if (known) return known;
    if (this.#over.has(id)) return undefined;
    const record: UtteranceRecord = {
      id,
      number: ++this.#last,
      live: undefined,
      queued: 0,
      sent: 0,
      sentAtMost: 0,
      estimated: 0,
      reported: undefined,
      clientDone: false,
      started: false,
      closed: false,
      endSent: false,
      cleared: false,
      settleBy: undefined,
    };
    this.#live.set(id, record);
    if (this.#live.size > REMEMBERED) this.#forgetOneThatNeverStarted();
    return record;
  }

  /** The number of an utterance, given at first mention and kept after its end. */
  numberOf(id: UtteranceId): number {
    return this.#over.get(id) ?? (this.open(id) as UtteranceRecord).number;
  }

  finish(record: UtteranceRecord): void {
    if (!this.#live.delete(record.id)) return;
    this.#over.set(record.id, record.number);
    keepNewest(this.#over, REMEMBERED);
  }

  /** An utterance that was announced and never spoken would otherwise stay for ever. */
  #forgetOneThatNeverStarted(): void {
    for (const record of this.#live.values()) {
      if (record.started) continue;
      this.finish(record);
      return;
    }
  }
}
