import { type Clock, type OptionRanges, optionsWithin, type Resolved } from "@roomkit/core";
import { TokenBucket } from "./token-bucket.ts";

export interface TrafficLimits {
  /** Messages a second, sustained. Default 100. */
  readonly messagesPerSecond?: number | undefined;
  /** Messages at once. Default 200. */
  readonly messageBurst?: number | undefined;
  /** Audio, as a multiple of real time, sustained. Default 1.5. */
  readonly audioRate?: number | undefined;
  /** Audio at once, ms. Default 2,000. */
  readonly audioBurstMs?: number | undefined;
  /** How long a client may go on sending too much before it is closed, ms. Default 3,000. */
  readonly overloadMs?: number | undefined;
  /** Malformed messages in ten seconds before a client is closed. Default 10. */
  readonly malformedLimit?: number | undefined;
}

/** The limits with every default filled in. */
export const defaultTrafficLimits: Resolved<TrafficLimits> = {
  messagesPerSecond: 100,
  messageBurst: 200,
  audioRate: 1.5,
  audioBurstMs: 2_000,
  overloadMs: 3_000,
  malformedLimit: 10,
};

/** What the bounds of a client's traffic may be. */
export const trafficRanges: OptionRanges<TrafficLimits> = {
  messagesPerSecond: [0.01, 1_000_000],
  messageBurst: [1, 1_000_000],
  audioRate: [0.01, 1_000_000],
  audioBurstMs: [1, 3_600_000],
  overloadMs: [0, 3_600_000],
  malformedLimit: [1, 1_000_000],
};

/** The traffic limits in force. @throws RoomKitError `invalid_option` */
export function trafficLimits(
  given: TrafficLimits = {},
  defaults: Resolved<TrafficLimits> = defaultTrafficLimits,
): Resolved<TrafficLimits> {
  return optionsWithin<TrafficLimits>(given, defaults, trafficRanges);
}

/** `pass` it on; `drop` it; drop it and `warn` the client (at most once a second); or `close` the connection. */
export type Verdict = "pass" | "drop" | "warn" | "close";

const WARN_EVERY_MS = 1_000;
const MALFORMED_WINDOW_MS = 10_000;

/** Watches what one client sends: how many messages, how much audio, how much rubbish. */
export class TrafficGuard {
  readonly #clock: Clock;
  readonly #limits: Resolved<TrafficLimits>;
  readonly #messages: TokenBucket;
  readonly #audio: TokenBucket;
  readonly #malformed: number[] = [];
  /** Since when the client has been sending too much without a second's pause, and when it last did. */
  #overSince: number | undefined;
  #overLast = 0;
  #warned = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock, limits: TrafficLimits = {}) {
    this.#clock = clock;
    this.#limits = trafficLimits(limits);
    const { messagesPerSecond, messageBurst, audioRate, audioBurstMs } = this.#limits;
    this.#messages = new TokenBucket({ clock, perSecond: messagesPerSecond, burst: messageBurst });
    this.#audio = new TokenBucket({ clock, perSecond: audioRate * 1_000, burst: audioBurstMs });
  }

  /** A message came, before anything is read of it. */
  message(): Verdict {
    return this.#messages.take() ? "pass" : this.#over();
  }

  /** Audio came. */
  audio(ms: number): Verdict {
    return this.#audio.take(ms) ? "pass" : this.#over();
  }

  /** A message could not be read. */
  malformed(): Verdict {
    const now = this.#clock.now();
    this.#malformed.push(now);
    while ((this.#malformed[0] as number) <= now - MALFORMED_WINDOW_MS) this.#malformed.shift();
    return this.#malformed.length >= this.#limits.malformedLimit ? "close" : "drop";
  }

  #over(): Verdict {
    const now = this.#clock.now();
    if (this.#overSince === undefined || now - this.#overLast > WARN_EVERY_MS) this.#overSince = now;
    this.#overLast = now;
    if (now - this.#overSince >= this.#limits.overloadMs) return "close";
    if (now - this.#warned < WARN_EVERY_MS) return "drop";
    this.#warned = now;
    return "warn";
  }
}
