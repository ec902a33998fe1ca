import type { CallState } from "@roomkit/client";
import { Cell } from "./cell.ts";
import type { Happened } from "./listeners.ts";
import { type Quality, quality, worst } from "./quality.ts";
import type { ConnectionSnapshot } from "./snapshots.ts";

/** Seconds the quality of the connection looks back. */
const QUALITY_SECONDS = 5;

/** What carries the call, and how well. */
export class ConnectionStore extends Cell<ConnectionSnapshot> {
  #recent: readonly Quality[] = [];

  constructor() {
    super({});
  }

  begin(): void {
    this.#recent = [];
    this.set({});
  }

  take({ event, payload }: Happened): void {
    const now = this.get();
    if (event === "session") {
      const { id: session, transport, fallback } = payload;
      this.#recent = [];
      this.set({ ...now, session, transport, fallback, quality: undefined });
    } else if (event === "stats") {
      this.#recent = [...this.#recent, quality(payload, now.stats)].slice(-QUALITY_SECONDS);
      this.set({ ...now, stats: payload, quality: worst(this.#recent) });
    }
  }

  /** Nothing gets through for now, or nothing more is to come. */
  down(state: CallState): void {
    this.set({ ...this.get(), quality: state === "ended" ? undefined : "lost" });
  }
}
