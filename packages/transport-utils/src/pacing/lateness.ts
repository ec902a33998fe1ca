const BOUNDS_MS: readonly number[] = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000];

/** How late a wheel turned: plain counts, for whoever reads them now and then. */
export class PacingLateness {
  /** Upper bounds of the buckets, ms. */
  readonly boundsMs: readonly number[] = BOUNDS_MS;
  /** Turns in each bucket, and in one more for those beyond the last bound. */
  readonly counts: number[] = new Array<number>(BOUNDS_MS.length + 1).fill(0);
  sumMs = 0;

  note(lateMs: number): void {
    let bucket = 0;
    while (bucket < BOUNDS_MS.length && lateMs > (BOUNDS_MS[bucket] as number)) bucket++;
    this.counts[bucket] = (this.counts[bucket] as number) + 1;
    // A platform's timer may run a fraction of a millisecond early.
    if (lateMs > 0) this.sumMs += lateMs;
  }
}
