import type { Emitter, PipelineEvents, RoomKitError } from "@roomkit/core";

/** Failures kept for a listener that is not there yet. */
const MAX_HELD = 32;

/** Tells of failed stages. What fails before anybody listens, as a stage that cannot be opened, is told to the first who does. */
export class StageReports {
  readonly #events: Emitter<PipelineEvents>;
  readonly #held: PipelineEvents["stage-error"][] = [];

  constructor(events: Emitter<PipelineEvents>) {
    this.#events = events;
  }

  report(stage: string, error: RoomKitError): void {
    if (this.#held.length < MAX_HELD) this.#held.push({ stage, error });
    this.deliver();
  }

  /** Tells what is held, if somebody listens. */
  deliver(): void {
    if (this.#held.length === 0 || this.#events.listenerCount("stage-error") === 0) return;
    for (const failure of this.#held.splice(0)) this.#events.emit("stage-error", failure);
  }
}
