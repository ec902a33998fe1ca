import type { Emitter, PipelineEvents, RoomKitError } from "@roomkit/core";

/** Failures kept for a listener that is not there yet. */
const MAX_HELD = 32;

/**
 * Tells of failed stages, and of those that were switched or taken out. What fails before anybody listens, as a stage that cannot be opened,
 * is told to the first who does.
 */
export class StageReports {
  readonly #events: Emitter<PipelineEvents>;
  readonly #held: PipelineEvents["stage-error"][] = [];
  readonly #changes: PipelineEvents["stage-change"][] = [];

  constructor(events: Emitter<PipelineEvents>) {
    this.#events = events;
  }

  report(stage: string, error: RoomKitError): void {
    if (this.#held.length < MAX_HELD) this.#held.push({ stage, error });
    this.#tellFailures();
  }

  /** A stage was switched, or taken out: told by {@link deliver}, when the frame under way is through. */
  change(change: PipelineEvents["stage-change"]): void {
    this.#changes.push(change);
  }

  /** Tells what is held, if somebody listens. */
  deliver(): void {
    this.#tellFailures();
    if (this.#changes.length === 0) return;
    for (const change of this.#changes.splice(0)) this.#events.emit("stage-change", change);
  }

  #tellFailures(): void {
    if (this.#held.length === 0 || this.#events.listenerCount("stage-error") === 0) return;
    for (const failure of this.#held.splice(0)) this.#events.emit("stage-error", failure);
  }
}
