import type { PlayoutMessage } from "@roomkit/protocol";
import type { ClientClock } from "../../clock.ts";

/** What is used of a browser's receiver. */
export interface PlayoutSource {
  /** Absent in browsers that do not tell. Newest first. */
  getSynchronizationSources?(): readonly {
    readonly source: number;
    readonly rtpTimestamp: number;
    readonly timestamp: number;
  }[];
}

interface ReporterOptions {
  readonly receiver: PlayoutSource;
  readonly clock: ClientClock;
  readonly send: (message: PlayoutMessage) => void;
  /** As `performance`, whose times the browser gives: relative to its origin, or absolute. */
  readonly performance?: { readonly timeOrigin: number; now(): number } | undefined;
}

const REPORT_EVERY_MS = 200;
/** What a packet of the server holds: no more than it can have been played of it. */
const PACKET_MS = 20;
/** As far as the protocol goes, in either direction. */
const MOST_MS = 5_000;

/**
 * Tells the server how far the track from it has been played: the packet the browser gave to the speaker last, and how long ago,
 * less what waits on its way to the speaker.
 */
export class PlayoutReporter {
  readonly #options: ReporterOptions;
  #outputMs = 0;
  #delay = 0;
  #samples = 0;
  #told: number | undefined;
  #cancel: () => void;

  constructor(options: ReporterOptions) {
    this.#options = options;
    this.#cancel = this.#schedule();
  }

  /** The browser's statistics: how long audio waits between the receiver and the speaker. */
  measure(report: { forEach(visit: (entry: Readonly<Record<string, unknown>>) => void): void }): void {
    report.forEach(({ type, totalPlayoutDelay, totalSamplesCount }) => {
      if (type !== "media-playout" || typeof totalPlayoutDelay !== "number" || typeof totalSamplesCount !== "number")
        return;
      const delay = totalPlayoutDelay - this.#delay;
      const samples = totalSamplesCount - this.#samples;
      if (samples > 0 && delay >= 0) this.#outputMs = (delay / samples) * 1_000;
      this.#delay = totalPlayoutDelay;
      this.#samples = totalSamplesCount;
    });
  }

  /** Tells it now, because the utterances up to this one are silenced. */
  cleared(utterance: number): void {
    this.#tell(utterance);
  }

  close(): void {
    this.#cancel();
  }

  #schedule(): () => void {
    return this.#options.clock.setTimeout(() => {
      this.#cancel = this.#schedule();
      this.#tell(undefined);
    }, REPORT_EVERY_MS);
  }

  #tell(cleared: number | undefined): void {
    const { receiver, send, performance = globalThis.performance } = this.#options;
    const [newest] = receiver.getSynchronizationSources?.() ?? [];
    // Nothing was played since: there is nothing new to tell.
    if (newest === undefined || (newest.timestamp === this.#told && cleared === undefined)) return;
    this.#told = newest.timestamp;
    const now = performance.now();
    const origin = newest.timestamp > now + MOST_MS ? performance.timeOrigin : 0;
    const since = Math.max(0, Math.min(PACKET_MS, now + origin - newest.timestamp));
    send({
      event: "playout",
      ssrc: newest.source,
      rtpTimestamp: newest.rtpTimestamp,
      playedMs: Math.max(-MOST_MS, Math.round((since - this.#outputMs) * 10) / 10),
      ...(cleared === undefined ? {} : { cleared }),
    });
  }
}
