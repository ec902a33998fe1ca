import { EMPTY, type Waiting } from "./backlog.ts";
import type { UtteranceRecord } from "./utterances.ts";

/** Most frames kept: ten seconds. A client that reports that late is not one that can be resumed exactly. */
const MOST_FRAMES = 500;

interface Sent {
  readonly frame: Waiting;
  /** Samples per channel of the utterance before it, and up to its end. */
  readonly from: number;
  readonly to: number;
}

/** What was sent and not yet reported as played, so that it can be sent again to a client that comes back. */
export class Resend {
  #kept: Sent[] = [];

  sent(frame: Waiting, from: number, to: number): void {
    this.#kept.push({ frame, from, to });
    if (this.#kept.length > MOST_FRAMES) this.#kept.shift();
  }

  /** The client played `record` up to `samples`; without a number, or will play no more of it. */
  heard(record: UtteranceRecord, samples: number = Number.POSITIVE_INFINITY): void {
    // An end that follows only audio already heard goes with it.
    this.#kept = this.#kept.filter(({ frame, to }) => frame.record !== record || to > samples);
  }

  /**
   * Takes back everything kept: the records count it as not sent. Of a live source only the end: what it said is too late, and newer sound
   * in its place would be taken for it by a client that has it already.
   */
  rewind(): Waiting[] {
    const kept = this.#kept;
    this.#kept = [];
    const again: Waiting[] = [];
    for (const { frame, from } of kept) {
      const { record, end } = frame;
      record.settleBy = undefined;
      if (end) record.endSent = false;
      if (!record.live) {
        record.sent = Math.min(record.sent, from);
        again.push(frame);
      } else if (end) {
        again.push({ record, samples: EMPTY, end });
      }
    }
    return again;
  }

  clear(): void {
    this.#kept = [];
  }
}
