import { type Clock, keepNewest } from "@roomkit/core";
import type { RtcSession } from "../session/rtc-session.ts";

/** A client's place under the name it gave itself, from its offer on. */
export interface Place {
  readonly label: string;
  /** Who made the offer, as authentication sees it; candidates must come from the same. */
  readonly identity: string;
  /** Candidates taken so far. */
  candidates: number;
  /** Absent while the offer is being answered. */
  session: RtcSession | undefined;
}

const REMEMBER_MS = 60_000;
const MOST_REMEMBERED = 1_000;

/** Live connections by the clients' own names for them; a name can be taken once at a time. */
export class ConnectionTable {
  readonly #clock: Clock;
  readonly #places = new Map<string, Place>();
  /** Names of connections that ended lately, and when to forget them: oldest first. */
  readonly #closed = new Map<string, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get size(): number {
    return this.#places.size;
  }

  [Symbol.iterator](): Iterator<Place> {
    return this.#places.values();
  }

  get(label: string): Place | undefined {
    return this.#places.get(label);
  }

  /** Reserves a name; undefined when it is live. */
  take(label: string, identity: string): Place | undefined {
    if (this.#places.has(label)) return undefined;
    const place: Place = { label, identity, candidates: 0, session: undefined };
    this.#places.set(label, place);
    this.#closed.delete(label);
    return place;
  }

  release(place: Place): void {
    if (this.#places.get(place.label) !== place) return;
    this.#places.delete(place.label);
    this.#closed.set(place.label, this.#clock.now() + REMEMBER_MS);
    keepNewest(this.#closed, MOST_REMEMBERED);
  }

  /** Whether a connection of this name ended within the last minute. */
  recentlyClosed(label: string): boolean {
    const until = this.#closed.get(label);
    return until !== undefined && until > this.#clock.now();
  }
}
