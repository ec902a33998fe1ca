import type { Clock, DtmfEvent } from "@roomkit/core";

/** How far two reports of one press may be apart, ms: an event overtakes the audio it belongs to, or comes late itself. */
const WINDOW_MS = 500;
/** A tone is known to be over so long after its end, ms. */
const IN_BAND_LAG_MS = 100;
/** Reports that wait for their other half. */
const MOST = 32;

interface Report {
  readonly digit: string;
  readonly inBand: boolean;
  /** When the key was down, as far as the report tells, on the clock, ms. */
  readonly from: number;
  readonly to: number;
}

/**
 * The key presses of one caller, each told once, whether it is heard as a tone, told beside the audio (RFC 4733, a telephone's or
 * client's message), or both. A report that has a counterpart of the other kind, of the same digit and at about the same time, is
 * that press told again. In what order they come:
 *
 * | reports of a digit                                      | told                    |
 * | ------------------------------------------------------- | ----------------------- |
 * | tone only, message only                                 | that                    |
 * | tone, message                                           | tone                    |
 * | message, tone                                           | message: its length is not known |
 * | tone, tone, message, message; or crossing in another way | two                     |
 * | message, the end of the tone 3 s later                  | message                 |
 * | tone, message more than 500 ms after its end            | two                     |
 * | tone of one digit, message of another                   | two                     |
 * | message, message                                        | two: no tone was twice  |
 *
 * The first report of a press is told at once; nothing waits for a second that may never come. Where each kind misses presses, two of one
 * digit within the window may be taken for one.
 */
export class Digits {
  readonly #clock: Clock;
  readonly #tell: (event: DtmfEvent) => void;
  /** Those that were told, oldest first. */
  readonly #told: Report[] = [];

  constructor(clock: Clock, tell: (event: DtmfEvent) => void) {
    this.#clock = clock;
    this.#tell = tell;
  }

  /** A tone was heard, and is over. */
  inBand(event: DtmfEvent): void {
    const to = this.#clock.now();
    this.#report({ digit: event.digit, inBand: true, from: to - event.durationMs - IN_BAND_LAG_MS, to }, event);
  }

  /** A message told of a key. */
  outOfBand(digit: DtmfEvent["digit"]): void {
    const now = this.#clock.now();
    this.#report({ digit, inBand: false, from: now, to: now }, { digit, durationMs: 0, timestamp: 0 });
  }

  #report(report: Report, event: DtmfEvent): void {
    const counterpart = this.#told.findIndex(
      ({ digit, inBand, from, to }) =>
        digit === report.digit &&
        inBand !== report.inBand &&
        from - report.to <= WINDOW_MS &&
        report.from - to <= WINDOW_MS,
    );
    if (counterpart >= 0) {
      this.#told.splice(counterpart, 1);
      return;
    }
    this.#told.push(report);
    if (this.#told.length > MOST) this.#told.shift();
    this.#tell(event);
  }
}
