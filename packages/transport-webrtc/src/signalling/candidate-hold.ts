import type { Clock, RemoteCandidate } from "@roomkit/core";

/** How long a candidate waits for its offer, ms. */
const HOLD_MS = 5_000;
/** Most connections whose offers have not come. */
const MOST_CONNECTIONS = 500;

export interface HeldCandidate {
  /** Undefined: one that says nothing of use, as the end of candidates. */
  readonly candidate: RemoteCandidate | undefined;
  /** Its offer has come. */
  readonly onTaken: (() => void) | undefined;
}

interface Held {
  readonly identity: string;
  readonly until: number;
  readonly candidates: HeldCandidate[];
}

/** Candidates that came before their offer. A browser posts several while the offer is still on its way. */
export class CandidateHold {
  readonly #clock: Clock;
  readonly #perConnection: number;
  readonly #held = new Map<string, Held>();

  constructor(clock: Clock, perConnection: number) {
    this.#clock = clock;
    this.#perConnection = perConnection;
  }

  get size(): number {
    this.#sweep();
    return this.#held.size;
  }

  /** False when no more can be held. */
  add(label: string, identity: string, candidate: HeldCandidate): boolean {
    this.#sweep();
    const key = `${identity} ${label}`;
    let held = this.#held.get(key);
    if (!held) {
      if (this.#held.size >= MOST_CONNECTIONS) return false;
      held = { identity, until: this.#clock.now() + HOLD_MS, candidates: [] };
      this.#held.set(key, held);
    }
    if (held.candidates.length < this.#perConnection) held.candidates.push(candidate);
    return true;
  }

  /** Takes what was held for an offer of the same client. */
  take(label: string, identity: string): readonly HeldCandidate[] {
    this.#sweep();
    const key = `${identity} ${label}`;
    const held = this.#held.get(key);
    this.#held.delete(key);
    return held?.candidates ?? [];
  }

  /** Entries stand in the order they were made, so the oldest is the first to go. */
  #sweep(): void {
    const now = this.#clock.now();
    for (const [key, held] of this.#held) {
      if (held.until > now) return;
      this.#held.delete(key);
    }
  }
}
