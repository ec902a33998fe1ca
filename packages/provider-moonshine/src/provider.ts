import { AbortScope, assertOptions, RoomKitError, type SttProvider } from "@roomkit/core";
import { entryBeside, WorkerPool } from "@roomkit/worker-pool";
import { SAMPLE_RATE } from "./engine/format.ts";
import type { MoonshineJob, MoonshineResult } from "./engine/worker.ts";
import { inRange, type MoonshineOptions } from "./options.ts";
import { transcript } from "./stream/transcript.ts";

/**
 * Speech to text with Moonshine tiny, on the machine itself: no key, no network, English only. Takes mono at 16 kHz. Partials
 * come from decoding the growing audio again and again, but only on a worker that has nothing to do; finals come first. When
 * a speaker pauses the pause is used to decode what may be the final already.
 *
 * A call throws RoomKitError `unsupported_format`, `invalid_audio`, `unsupported_language`, `model_not_found`, `missing_dependency`,
 * `engine_failed`, `busy` (retryable), `timeout` (retryable), `worker_crashed` (retryable), `aborted` or `closed`.
 *
 * @throws RoomKitError `invalid_option`
 */
export function moonshineStt(options: MoonshineOptions = {}): SttProvider {
  assertOptions("moonshineStt", options, {
    string: ["modelDir"],
    number: ["partialEveryMs", "segmentMs", "workers", "queueLimit", "jobTimeoutMs"],
    boolean: ["noiseGate"],
    object: ["clock"],
    oneOf: { runtime: ["auto", "wasm", "native"] },
  });
  const { partialEveryMs = 500, segmentMs = 15_000, noiseGate = true, workers, queueLimit, clock } = options;
  if (partialEveryMs !== 0) inRange("partialEveryMs", partialEveryMs, 100, 10_000);
  inRange("segmentMs", segmentMs, 4_000, 30_000);
  const perMs = SAMPLE_RATE / 1000;
  const guessEvery = Math.round(partialEveryMs * perMs);
  const segment = Math.round(segmentMs * perMs);
  const pool = new WorkerPool<MoonshineJob, MoonshineResult>({
    name: "moonshine",
    entry: entryBeside(import.meta.url, "engine/worker"),
    data: { modelDir: options.modelDir, runtime: options.runtime },
    jobTimeoutMs: options.jobTimeoutMs ?? 30_000,
    size: workers,
    queueLimit,
    clock,
  });
  const closing = new AbortScope();
  return {
    name: "moonshine",
    capabilities: {
      streaming: partialEveryMs > 0,
      turnDetection: false,
      wordTimings: false,
      languages: ["en"],
      sampleRate: SAMPLE_RATE,
    },
    async *transcribe(audio, { signal, language }) {
      if (language !== undefined && !/^en(-|$)/i.test(language)) {
        throw new RoomKitError("unsupported_language", "this model hears English only", { details: { language } });
      }
      const scope = closing.child(signal);
      yield* transcript(audio, { pool, scope, guessEvery, segment, noiseGate });
    },
    overloaded: () => pool.overloaded,
    async warmUp(signal) {
      await pool.run({ samples: new Int16Array(SAMPLE_RATE) }, signal ? { signal } : {});
    },
    async close() {
      closing.abort(new RoomKitError("closed", "the recogniser was closed"));
      await pool.close();
    },
  };
}
