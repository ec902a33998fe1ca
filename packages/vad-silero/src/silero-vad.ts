import { type AudioFormat, assertOptions, type VadFactory } from "@roomkit/core";
import { CONTEXT, type Engine, STATE, sharedEngine, WINDOW } from "./engine.ts";
import { resolveOptions, type SileroVadOptions } from "./options.ts";
import { SAMPLE_RATE, SileroVad } from "./stream.ts";

export interface SileroVadFactory extends VadFactory {
  readonly sampleRate: 16_000;
  open(format: AudioFormat): SileroVad;
  /**
   * Loads the model, so that the first call does not wait for it; later calls do nothing.
   *
   * @throws RoomKitError `model_not_found`, `model_load_failed`, `missing_dependency`, `engine_failed`, `inference_failed`.
   */
  warmUp(): Promise<void>;
}

/**
 * Voice activity detection by Silero VAD v5, a small neural network that tells voices from other sounds. The weights are in the
 * package and are loaded once per process, with the first stream or by `warmUp()`. Hears mono at 16,000 Hz; the pipeline sees to that.
 *
 * @throws RoomKitError `invalid_option` for an option out of range.
 */
export function sileroVad(options: SileroVadOptions = {}): SileroVadFactory {
  assertOptions("sileroVad", options, {
    number: [
      "threshold",
      "releaseThreshold",
      "silenceThresholdMs",
      "minSpeechMs",
      "speechPadMs",
      "maxSpeechMs",
      "maxBacklogMs",
    ],
    oneOf: { runtime: ["auto", "wasm", "native"] },
  });
  return sileroVadOn(() => sharedEngine(options.runtime), options);
}

/** With an engine of one's own; for tests. */
export function sileroVadOn(engine: () => Promise<Engine>, options: SileroVadOptions): SileroVadFactory {
  const resolved = resolveOptions(options);
  return {
    name: "vad-silero",
    sampleRate: SAMPLE_RATE,
    speechPadMs: resolved.speechPadMs,
    open: (format) => new SileroVad(format, resolved, engine),
    async warmUp() {
      const loaded = await engine();
      // The first computation takes longer than those after it.
      await new Promise<void>((resolve, reject) => {
        loaded.submit({
          input: new Float32Array(CONTEXT + WINDOW),
          state: new Float32Array(STATE),
          done: () => resolve(),
          failed: reject,
        });
      });
    },
  };
}
