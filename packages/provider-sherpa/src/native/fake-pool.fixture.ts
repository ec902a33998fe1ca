import { abortedError, RoomKitError } from "@roomkit/core";

/** A pool whose jobs are done here, one turn of the event loop later; counts what is under way. */
export class FakePool<Job, Result> {
  readonly jobs: Job[] = [];
  running = 0;
  /** Jobs that ended by their signal. */
  aborted = 0;
  readonly #work: (job: Job, signal: AbortSignal) => Result | Promise<Result>;

  constructor(work: (job: Job, signal: AbortSignal) => Result | Promise<Result>) {
    this.#work = work;
  }

  async close(): Promise<void> {}

  async run(
    job: Job,
    { signal = new AbortController().signal }: { readonly signal?: AbortSignal | undefined } = {},
  ): Promise<Result> {
    this.jobs.push(job);
    this.running++;
    try {
      await new Promise((resolve) => setImmediate(resolve));
      const result = await this.#work(job, signal);
      if (signal.aborted) throw abortedError(signal);
      return result;
    } catch (error) {
      if (signal.aborted) this.aborted++;
      throw RoomKitError.from(error);
    } finally {
      this.running--;
    }
  }
}
