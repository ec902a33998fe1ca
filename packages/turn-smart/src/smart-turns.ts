import {
  AbortScope,
  assertOptions,
  gradedDecision,
  lastAudio,
  RoomKitError,
  systemClock,
  type TurnContext,
  type TurnDecision,
  type TurnDetector,
  untilAborted,
  withTimeout,
} from "@roomkit/core";
import { entryBeside, WorkerPool } from "@roomkit/worker-pool";
import { SMART_TURN_SHA256 } from "./engine/hash.ts";
import type { SmartTurnData, SmartTurnJob } from "./engine/worker.ts";
import type { SmartTurnsOptions } from "./options.ts";
import { decidesAlone, together } from "./together.ts";

/** What the model hears at most. */
const HEARD_MS = 8_000;
/** After a failure of these kinds the model is not asked for so long: the next pauses would only start one worker after the other. */
const REST_MS = 30_000;
const LASTING = [
  "model_not_found",
  "invalid_model",
  "model_load_failed",
  "missing_dependency",
  "engine_failed",
  "worker_crashed",
  "worker_failed",
];

export interface SmartTurns extends TurnDetector {
  /**
   * Loads the model, so that the first caller does not wait for it.
   *
   * @throws RoomKitError `model_not_found`, `invalid_model`, `model_load_failed`, `missing_dependency`, `engine_failed`, `inference_failed`,
   *   `busy`, `timeout`, `worker_crashed` (all three retryable), `aborted`, `closed`
   */
  warmUp(signal?: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

/** What probabilities come from; a {@link WorkerPool} of the model's. */
export interface Judges {
  run(job: SmartTurnJob, options: { readonly signal?: AbortSignal | undefined }): Promise<number>;
  close(): Promise<void>;
}

/**
 * Judges whether a speaker has finished, by the open end-of-turn model Smart Turn v3.2 and, beside it, by another detector. The model listens to the
 * last 8 s in a process of its own. A judgement fails with `aborted` or `closed` only: a model that fails or is late costs its advice.
 *
 * @throws RoomKitError `invalid_option`
 */
export function smartTurns(options: SmartTurnsOptions): SmartTurns {
  assertOptions("smartTurns", options, {
    required: ["model"],
    string: ["model", "sha256"],
    object: ["otherwise", "clock"],
    number: ["workers", "queueLimit"],
    within: { timeoutMs: [20, 5_000] },
    oneOf: { runtime: ["auto", "wasm", "native"] },
  });
  const { model, sha256 = SMART_TURN_SHA256, runtime, workers = 1, queueLimit = 16, clock } = options;
  if (!/^[0-9a-f]{64}$/i.test(sha256))
    throw new RoomKitError("invalid_option", "smartTurns: sha256 must be 64 hexadecimal digits");
  const data: SmartTurnData = { model, sha256, runtime };
  const entry = entryBeside(import.meta.url, "engine/worker");
  return smartTurnsOn(
    new WorkerPool<SmartTurnJob, number>({ name: "turn-smart", entry, data, size: workers, queueLimit, clock }),
    options,
  );
}

/** With judges of one's own; for tests. */
export function smartTurnsOn(
  judges: Judges,
  { otherwise, timeoutMs = 300, clock = systemClock }: Pick<SmartTurnsOptions, "otherwise" | "timeoutMs" | "clock">,
): SmartTurns {
  const closing = new AbortScope();
  let restUntil = Number.NEGATIVE_INFINITY;

  const advice = async (context: TurnContext, signal: AbortSignal): Promise<TurnDecision | undefined> => {
    try {
      return await otherwise?.evaluate(context, { signal });
    } catch {
      return undefined;
    }
  };
  const probability = async (context: TurnContext, scope: AbortScope): Promise<number | undefined> => {
    const job = lastAudio(context.audio, HEARD_MS);
    if (job.samples.length === 0 || clock.now() < restUntil) return undefined;
    const { signal } = scope;
    try {
      return await withTimeout(judges.run(job, { signal }), timeoutMs, {
        clock,
        signal,
        what: "the end-of-turn model",
      });
    } catch (error) {
      if (!scope.aborted && LASTING.includes(RoomKitError.from(error).code)) restUntil = clock.now() + REST_MS;
      return undefined;
    } finally {
      // What has not been judged by now is not waited for.
      scope.abort();
    }
  };
  const judge = async (context: TurnContext, scope: AbortScope): Promise<TurnDecision> => {
    const model = scope.child();
    const heard = probability(context, model);
    const other = withTimeout(advice(context, scope.signal), timeoutMs, { clock, signal: scope.signal }).catch(
      () => undefined,
    );
    const early = await Promise.race([other, heard.then(() => undefined)]);
    if (early && decidesAlone(early)) {
      model.abort();
      return early;
    }
    const [likely, said] = await Promise.all([heard, other]);
    if (likely !== undefined) return together(likely, said, context);
    return said ?? gradedDecision(0.5, context, "unheard");
  };

  return {
    name: "turn-smart",
    async evaluate(context, { signal }) {
      const scope = closing.child(signal);
      try {
        return await untilAborted(judge(context, scope), scope.signal);
      } finally {
        scope.abort();
      }
    },
    async warmUp(signal) {
      const scope = closing.child(signal);
      try {
        await judges.run({ samples: new Int16Array(16_000), sampleRate: 16_000 }, { signal: scope.signal });
        restUntil = Number.NEGATIVE_INFINITY;
      } finally {
        scope.release();
      }
    },
    async close() {
      closing.abort(new RoomKitError("closed", "the turn detector was closed"));
      await judges.close();
    },
  };
}
