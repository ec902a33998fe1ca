import { AbortScope, assertOptions, RoomKitError, type TtsProvider } from "@roomkit/core";
import { entryBeside, WorkerPool } from "@roomkit/worker-pool";
import type { FliteJob, FliteSpeech } from "./engine/worker.ts";
import { callSettings, type FliteOptions, inRange } from "./options.ts";
import { SAMPLE_RATE, speechStream } from "./speech/stream.ts";
import { tokenize } from "./text/tokens.ts";
import { VOICES } from "./voices.ts";

/**
 * Text to speech with CMU Flite, on the machine itself: no key, no network, English only. 16 kHz frames of 20 ms at about
 * -20 dBFS, with word timings.
 *
 * A call throws RoomKitError `unknown_voice`, `unsupported_language`, `invalid_option`, `invalid_text`, `text_too_long`, `busy`
 * (retryable), `timeout` (retryable), `worker_crashed` (retryable), `engine_failed`, `aborted` or `closed`.
 *
 * @throws RoomKitError `invalid_option`, `unknown_voice`
 */
export function fliteTts(options: FliteOptions = {}): TtsProvider {
  assertOptions("fliteTts", options, {
    string: ["voice"],
    number: ["speed", "pitch", "pauseMs", "maxChars", "lookAhead", "workers", "queueLimit", "jobTimeoutMs"],
    object: ["clock"],
  });
  const defaults = callSettings(options);
  const pauseMs = inRange("pauseMs", options.pauseMs ?? 120, 0, 2_000);
  const maxChars = inRange("maxChars", options.maxChars ?? 200, 40, 1_000);
  const lookAhead = Math.floor(inRange("lookAhead", options.lookAhead ?? 2, 1, 16));
  const { workers, queueLimit, jobTimeoutMs = 10_000, clock } = options;
  const pool = new WorkerPool<FliteJob, FliteSpeech>({
    name: "flite",
    entry: entryBeside(import.meta.url, "engine/worker"),
    jobTimeoutMs,
    size: workers,
    queueLimit,
    clock,
  });
  const closing = new AbortScope();
  return {
    name: "flite",
    capabilities: {
      streamingInput: true,
      wordTimings: true,
      sampleRate: SAMPLE_RATE,
      voices: Object.keys(VOICES),
    },
    async *synthesize(text, call) {
      const settings = callSettings(options, call);
      const scope = closing.child(call.signal);
      yield* speechStream(text, { pool, settings, pauseMs, maxChars, lookAhead, scope });
    },
    overloaded: () => pool.overloaded,
    async warmUp(signal) {
      await pool.run({ tokens: tokenize("Hello."), ...defaults }, signal ? { signal } : {});
    },
    async close() {
      closing.abort(new RoomKitError("closed", "the voice was closed"));
      await pool.close();
    },
  };
}
