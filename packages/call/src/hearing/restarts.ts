import { RoomKitError } from "@roomkit/core";

/** A recogniser that has said something works once it has read so much audio; one that ends sooner is no better than one that fails. */
const WORKING_READ_MS = 1_000;
/** A stream that lasted so long worked, whether or not there was anything to say. */
const WORKING_LASTED_MS = 5_000;

/** How one recogniser stream went that ended before its audio did. */
export interface StreamOutcome {
  /** It said something and did not fail. */
  readonly spoke: boolean;
  /** Audio it read, in ms. */
  readonly readMs: number;
  /** How long it was open, in ms. */
  readonly lastedMs: number;
}

/**
 * When the next recogniser stream is opened after one that ended early: at once after one that worked, later after each that did not,
 * and after so many in a row not at all. A recogniser that ends or throws at once must not be opened a thousand times a second.
 */
export class StreamRestarts {
  readonly #backOffMs: readonly number[];
  #failures = 0;

  /** @param backOffMs waits before each further stream, in ms; after as many failures in a row plus one it is given up. */
  constructor(backOffMs: readonly number[]) {
    this.#backOffMs = backOffMs;
  }

  /** How long to wait before the next stream, in ms; undefined: not to be tried again. */
  next({ spoke, readMs, lastedMs }: StreamOutcome): number | undefined {
    const worked = (spoke && readMs >= WORKING_READ_MS) || lastedMs >= WORKING_LASTED_MS;
    this.#failures = worked ? 0 : this.#failures + 1;
    return this.#backOffMs[Math.max(0, this.#failures - 1)];
  }

  /** What is to be reported when {@link next} gave nothing. */
  gaveUp(cause: RoomKitError | undefined): RoomKitError {
    const how = cause ? `failed (${cause.code})` : "ended before its audio did";
    return new RoomKitError("stt_unavailable", `the recogniser ${how} ${this.#failures} times in a row`, {
      cause,
    });
  }
}
