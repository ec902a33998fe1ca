import { type AbortScope, RoomKitError } from "@roomkit/core";
import type { PoolJob, WorkerPool } from "@roomkit/worker-pool";
import type { MoonshineJob, MoonshineResult } from "../engine/worker.ts";
import type { Span } from "./audio-buffer.ts";

/** What a stream needs of the workers. */
export type MoonshinePool = Pick<WorkerPool<MoonshineJob, MoonshineResult>, "start" | "idle" | "prepare">;

/** One decode of a stretch of a stream, from its start to what came of it. */
export class Decoding {
  /** What is decoded. */
  readonly span: Span;
  readonly #scope: AbortScope;
  readonly #job: PoolJob<MoonshineResult>;
  /** A guess gives way to other work; a final does not. */
  final: boolean;
  /** It became a final on its way. */
  promoted = false;
  /** What came of it; undefined while it is under way. */
  outcome: { readonly result: MoonshineResult } | { readonly error: unknown } | undefined;

  /** @param onEnd called once, when `outcome` is there */
  constructor(
    pool: MoonshinePool,
    parent: AbortScope,
    options: { readonly span: Span; readonly samples: Int16Array; readonly final: boolean },
    onEnd: () => void,
  ) {
    this.span = options.span;
    this.final = options.final;
    this.#scope = parent.child();
    const { signal } = this.#scope;
    this.#job = pool.start({ samples: options.samples }, { signal, background: !options.final });
    const end = (outcome: { result: MoonshineResult } | { error: unknown }): void => {
      this.#scope.release();
      this.outcome = outcome;
      onEnd();
    };
    this.#job.result.then(
      (result) => end({ result }),
      (error: unknown) => end({ error }),
    );
  }

  /** The guess turned out to be all there is. */
  makeFinal(): void {
    this.final = true;
    this.promoted = true;
    this.#job.promote();
  }

  cancel(): void {
    this.#scope.abort(new RoomKitError("aborted", "the audio has grown"));
  }
}
