import type { AudioFormat, UtteranceId } from "@roomkit/core";
import type { UtteranceRecord } from "./utterances.ts";

/** How late audio may come and still count as continuing what was playing, ms: the client's own buffer bridges that much. */
const SLACK_MS = 40;

/**
 * Audio on its way. A class, not a literal: V8 takes what lives for 100 ms on a busy server for what lives for ever, and would make all of a
 * literal's objects old ones, which go, with the samples they hold, when everything is looked at.
 */
class Flight {
  readonly record: UtteranceRecord;
  readonly samples: Int16Array;
  /** Samples per channel that belong to the utterance; the rest, if any, is filling. */
  readonly count: number;
  readonly startMs: number;
  readonly endMs: number;
  /** Samples counted as played so far. */
  counted = 0;
  tapped = false;

  constructor(record: UtteranceRecord, samples: Int16Array, count: number, startMs: number, endMs: number) {
    this.record = record;
    this.samples = samples;
    this.count = count;
    this.startMs = startMs;
    this.endMs = endMs;
  }
}

/** Hears of audio when its playing begins. */
export type TimelineTap = (samples: Int16Array, startMs: number, utterance: UtteranceId) => void;

/**
 * Where the audio that was sent is being played, as far as the server's clock can tell: it plays at its natural rate from when
 * it was sent, and begins anew when it had run dry. Counts samples into the utterances' `estimated`.
 */
export class Timeline {
  readonly #format: AudioFormat;
  readonly #flights: Flight[] = [];
  /** When everything sent so far will have been played, ms. */
  #endMs = Number.NEGATIVE_INFINITY;

  constructor(format: AudioFormat) {
    this.#format = format;
  }

  /** How much of what was sent is still to be played, ms; negative when it ran dry that long ago. */
  aheadMs(now: number): number {
    return this.#endMs - now;
  }

  get empty(): boolean {
    return this.#flights.length === 0;
  }

  /** The utterance being played. */
  get current(): UtteranceRecord | undefined {
    return this.#flights[0]?.record;
  }

  /** Audio was sent at `now`. */
  add(record: UtteranceRecord, samples: Int16Array, count: number, now: number): void {
    if (now - this.#endMs > SLACK_MS) this.#endMs = now;
    const startMs = this.#endMs;
    this.#endMs += (samples.length / this.#format.channels / this.#format.sampleRate) * 1000;
    this.#flights.push(new Flight(record, samples, count, startMs, this.#endMs));
  }

  /** Counts what has been played by `now` and shows the tap what has begun. */
  advance(now: number, tap?: TimelineTap): void {
    let over = 0;
    for (const flight of this.#flights) {
      if (flight.startMs > now) break;
      if (!flight.tapped) {
        flight.tapped = true;
        tap?.(flight.samples, flight.startMs, flight.record.id);
      }
      // The small sum keeps a frame that ends exactly now from staying a sample short.
      const done = now + 1e-6 >= flight.endMs;
      const played = done
        ? flight.count
        : Math.min(flight.count, Math.floor(((now - flight.startMs) * this.#format.sampleRate) / 1000));
      flight.record.estimated += played - flight.counted;
      flight.counted = played;
      if (done) over++;
    }
    if (over === 1) this.#flights.shift();
    else if (over > 1) this.#flights.splice(0, over);
  }

  /** Nothing more is counted, and nothing plays after `endMs`; what was sent of a live source does, until it is over. */
  cut(endMs: number): void {
    this.#flights.length = 0;
    this.#endMs = Math.min(this.#endMs, endMs);
  }
}
