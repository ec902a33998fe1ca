import { type Cancel, type Clock, RoomKitError } from "@roomkit/core";
import { seededRandom } from "../seeded-random.ts";

/** What is between client and server. Nothing is lost and nothing overtakes: what is late is late for all that follows. */
export interface LabNetwork {
  /** One way, ms. Default 20. */
  readonly delayMs?: number | undefined;
  /** Up to so much more, evenly distributed, ms. Default 0. */
  readonly jitterMs?: number | undefined;
  /** Times in which nothing arrives, either way, in ms since the call began. */
  readonly stalls?: readonly { readonly atMs: number; readonly ms: number }[] | undefined;
}

/** One direction of a network. */
export class Wire {
  readonly #network: LabNetwork;
  readonly #random: () => number;
  #last = 0;

  constructor(network: LabNetwork, seed: number) {
    this.#network = network;
    this.#random = seededRandom(seed);
  }

  /** When something sent at `now` arrives, ms since the call began. */
  arrival(now: number): number {
    const { delayMs = 20, jitterMs = 0, stalls = [] } = this.#network;
    let at = Math.max(this.#last, now + delayMs + (jitterMs > 0 ? jitterMs * this.#random() : 0));
    for (const stall of stalls) if (at >= stall.atMs && at < stall.atMs + stall.ms) at = stall.atMs + stall.ms;
    this.#last = at;
    return at;
  }
}

/** Hands things over when they arrive, in order: one timer for all of them. */
export class Arrivals {
  readonly #clock: Clock;
  #waiting: { readonly at: number; readonly deliver: () => void }[] = [];
  #cancel: Cancel | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** `at` on the clock, never before that of the one before. */
  add(at: number, deliver: () => void): void {
    this.#waiting.push({ at, deliver });
    this.#arm();
  }

  clear(): void {
    this.#waiting = [];
    this.#cancel?.();
    this.#cancel = undefined;
  }

  #arm(): void {
    const [first] = this.#waiting;
    if (this.#cancel || !first) return;
    this.#cancel = this.#clock.setTimeout(() => {
      this.#cancel = undefined;
      const now = this.#clock.now();
      while (this.#waiting[0] && this.#waiting[0].at <= now) this.#waiting.shift()?.deliver();
      this.#arm();
    }, first.at - this.#clock.now());
  }
}

/** @throws RoomKitError `invalid_option`. */
export function checkNetwork({ delayMs = 0, jitterMs = 0, stalls = [] }: LabNetwork): void {
  const times = [delayMs, jitterMs, ...stalls.flatMap(({ atMs, ms }) => [atMs, ms])];
  if (times.some((ms) => !(ms >= 0 && Number.isFinite(ms))))
    throw new RoomKitError("invalid_option", "network: delays, jitter and stalls are times in ms, 0 or more");
}
