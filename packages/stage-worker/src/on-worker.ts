import { availableParallelism } from "node:os";
import {
  assertOptions,
  type EchoCanceller,
  type FrameStage,
  optionsWithin,
  type StageFactory,
  systemClock,
} from "@roomkit/core";
import { recipeOf } from "@roomkit/worker-pool";
import { Lane } from "./lane.ts";
import { Threads } from "./threads.ts";

export interface StageWorkerOptions {
  /** Threads at most; they start when there are streams for them. 1 to 256. Default: the cores less one, at least 1. */
  readonly threads?: number | undefined;
  /** A frame whose answer has not come for so long passes as it is, ms, 20 to 2,000. Default 200. */
  readonly maxLagMs?: number | undefined;
}

/** The same stage, done by threads. */
export interface WorkerStageFactory<S> extends StageFactory<S> {
  /** How many threads there are now. */
  readonly threads: number;
  /** Ends the threads; streams that are still open pass their audio as it is. Idempotent. */
  close(): Promise<void>;
}

/**
 * Does a stage that changes audio on other threads: `audioPipeline({ denoiser: onWorker(gtcrn()) })`. One stream's frames stay on one thread
 * and in order; they come back with the frame after, so the stage adds the length of a frame to what it holds back.
 *
 * `open` throws RoomKitError `closed`. What else keeps the stage from working, a format it cannot take for instance, is known with one of the
 * first frames: the pipeline then passes it by.
 *
 * @throws RoomKitError `invalid_option` also for a stage that has no recipe for how to make it elsewhere; `bundled`.
 */
export function onWorker<S extends FrameStage>(
  factory: StageFactory<S>,
  options: StageWorkerOptions = {},
): WorkerStageFactory<S & EchoCanceller> {
  assertOptions("onWorker", options, { number: ["threads", "maxLagMs"] });
  const recipe = recipeOf(`the stage ${factory.name}`, factory.recipe);
  const settings = optionsWithin(
    options,
    { threads: Math.max(1, availableParallelism() - 1), maxLagMs: 200 },
    { threads: [1, 256], maxLagMs: [20, 2_000] },
  );
  const threads = new Threads(factory.name, settings.threads);
  return {
    name: factory.name,
    sampleRate: factory.sampleRate,
    realtime: true,
    get threads() {
      return threads.count;
    },
    open(format, context) {
      const { sessionId = "", clock = systemClock, report = () => {} } = context ?? {};
      const open = threads.open({ recipe, format, sessionId });
      return new Lane({ open, format, clock, report, maxLagMs: settings.maxLagMs }) as EchoCanceller as S &
        EchoCanceller;
    },
    close: () => threads.close(),
  };
}
