import type { Waiting } from "./backlog.ts";
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

  /** The client played `record` up to `samples`. */
  heard(record: UtteranceRecord, samples: number): void {
    // An end that follows only audio already heard goes with it.
    this.#kept = this.#kept.filter(({ frame, to }) => frame.record !== record || to > samples);
  }

  /** Takes back everything kept: the records count it as not sent. */
  rewind(): Waiting[] {
    const kept = this.#kept;
    this.#kept = [];
    for (const { frame, from } of kept) {
      const { record } = frame;
      record.sent = Math.min(record.sent, from);
      record.settleBy = undefined;
      if (frame.end) record.endSent = false;
    }
    return kept.map(({ frame }) => frame);
  }

  clear(): void {
    this.#kept = [];
  }
}
