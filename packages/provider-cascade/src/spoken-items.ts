import { HeardLedger } from "@roomkit/core";

/** One round of the model, as speech. */
export class SpokenItem {
  readonly ledger: HeardLedger = new HeardLedger();
  /** How much of it was heard, where it was cut off, ms. */
  playedMs: number | undefined;

  /** What was heard of its words. */
  get heard(): string {
    return this.playedMs === undefined ? this.ledger.text : this.ledger.heardAt(this.playedMs).heard;
  }
}

/** Truncation concerns the newest speech only. */
const MAX_ITEMS = 16;

/** The newest speech of a session, for what is known of it later. */
export class SpokenItems {
  readonly #items = new Map<string, SpokenItem>();

  begin(id: string): SpokenItem {
    const item = new SpokenItem();
    this.#items.set(id, item);
    if (this.#items.size > MAX_ITEMS) this.#items.delete(this.#items.keys().next().value as string);
    return item;
  }

  get(id: string): SpokenItem | undefined {
    return this.#items.get(id);
  }

  clear(): void {
    this.#items.clear();
  }
}
