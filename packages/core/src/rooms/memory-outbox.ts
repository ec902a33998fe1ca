import { RoomKitError } from "../errors/error.ts";
import type { Clock } from "../time/clock.ts";
import type { OutboxDraft } from "./event.ts";
import type { Outbox, OutboxItem } from "./store.ts";

interface Entry {
  item: OutboxItem;
  /** Nobody else's until then, on the monotonic clock. */
  until: number;
}

/** The outbox of the store in memory. */
export class MemoryOutbox implements Outbox {
  readonly #items: Map<string, Entry> = new Map();
  readonly #max: number;
  readonly #clock: Clock;
  #count = 0;

  constructor(max: number, clock: Clock) {
    if (!Number.isInteger(max) || max < 1) {
      throw new RoomKitError("invalid_option", "maxOutbox must be a whole number >= 1");
    }
    this.#max = max;
    this.#clock = clock;
  }

  /** All or none. @throws RoomKitError `outbox_full`. */
  add(roomId: string, drafts: readonly OutboxDraft[]): void {
    if (this.#items.size + drafts.length > this.#max) {
      throw new RoomKitError("outbox_full", `${this.#items.size} items of the outbox wait already`, {
        retryable: true,
      });
    }
    for (const { topic, data } of drafts) {
      const id = `${++this.#count}`;
      this.#items.set(id, { item: { id, roomId, topic, data, attempts: 0 }, until: Number.NEGATIVE_INFINITY });
    }
  }

  async claim(limit: number, leaseMs: number): Promise<readonly OutboxItem[]> {
    const now = this.#clock.now();
    const claimed: OutboxItem[] = [];
    for (const entry of this.#items.values()) {
      if (claimed.length >= limit) break;
      if (entry.until > now) continue;
      entry.until = now + leaseMs;
      entry.item = { ...entry.item, attempts: entry.item.attempts + 1 };
      claimed.push(entry.item);
    }
    return claimed;
  }

  async done(id: string): Promise<void> {
    this.#items.delete(id);
  }

  forget(roomId: string): void {
    for (const [id, { item }] of this.#items) if (item.roomId === roomId) this.#items.delete(id);
  }
}
