import type { ReceptionReport } from "@roomkit/core";

/** How much of an estimate is left at the next report, a few seconds later: 10 % lost once is forgotten within the minute. */
const KEPT = 0.8;

/**
 * How many packets are going to be lost, from what the receiver says of those that went before: as many as were lost last, at once, and
 * fewer by and by. Loss comes in bursts, and in-band FEC must be there before the next.
 *
 * | report                                  | estimate                             |
 * | --------------------------------------- | ------------------------------------ |
 * | none yet                                | none: the encoder has its own        |
 * | more was lost                           | as much                              |
 * | less was lost, or nothing               | a fifth less than before, or as much |
 * | of nothing new: sent twice, overtaken   | as it was                            |
 */
export class ExpectedLoss {
  #highest: number | undefined;
  #share = 0;
  #percent: number | undefined;

  /** Takes a report; returns the loss to expect from now on, whole percent, when that is another. */
  reported({ lost, highest }: ReceptionReport): number | undefined {
    if (this.#highest !== undefined && ((highest - this.#highest) | 0) <= 0) return undefined;
    this.#highest = highest;
    this.#share = Math.max(lost, this.#share * KEPT);
    const percent = Math.round(this.#share * 100);
    if (percent === this.#percent) return undefined;
    this.#percent = percent;
    return percent;
  }
}
