import type { PlaybackProgress, UtteranceId } from "@roomkit/core";

interface Sent {
  sentMs: number;
  /** When the newest of it is over, on the clock. */
  until: number;
  ended: boolean;
}

/** How often estimates are told, ms. */
const EVERY_MS = 100;

/** How far a listener is who says nothing, by what was sent and when: what a transport makes of its pacing clock. */
export class Estimates {
  readonly #tell: (progress: PlaybackProgress) => void;
  readonly #sent = new Map<UtteranceId, Sent>();
  #toldAt = Number.NEGATIVE_INFINITY;

  constructor(tell: (progress: PlaybackProgress) => void) {
    this.#tell = tell;
  }

  sent(utterance: UtteranceId, ms: number, until: number): void {
    const sent = this.#sent.get(utterance) ?? { sentMs: 0, until, ended: false };
    sent.sentMs += ms;
    sent.until = until;
    this.#sent.set(utterance, sent);
  }

  end(utterance: UtteranceId): void {
    const sent = this.#sent.get(utterance);
    if (sent) sent.ended = true;
  }

  tell(now: number): void {
    const due = now - this.#toldAt >= EVERY_MS;
    if (due) this.#toldAt = now;
    for (const [utterance, sent] of this.#sent) {
      const done = sent.ended && sent.until <= now;
      if (done) this.#sent.delete(utterance);
      if (done || due) this.#tell({ ...progress(utterance, sent, now), done });
    }
  }

  clear(now: number): PlaybackProgress[] {
    const all = [...this.#sent].map(([utterance, sent]) => ({ ...progress(utterance, sent, now), done: true }));
    this.#sent.clear();
    return all;
  }
}

function progress(utterance: UtteranceId, { sentMs, until }: Sent, now: number): Omit<PlaybackProgress, "done"> {
  return { utterance, playedMs: Math.max(0, sentMs - Math.max(0, until - now)), confidence: "estimated" };
}
