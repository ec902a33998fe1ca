import { type AudioFormat, assertOptions, RoomKitError, type Vad, type VadFactory } from "@roomkit/core";
import { SAMPLE_RATE, vadConfig } from "../native/configs.ts";
import { enginePool } from "../native/engine-pool.ts";
import { requireModels } from "../native/model-files.ts";
import { loadSherpa, type NativeVad, type Sherpa } from "../native/sherpa.ts";
import { resolveVadOptions, type SherpaVadOptions } from "./options.ts";
import { SherpaVadStream } from "./stream.ts";

/** Room in the native detector, in s: for the longest speech it is let keep, so that it never has to grow. */
const BUFFER_SECONDS = 64;

export interface SherpaVadFactory extends VadFactory {
  readonly sampleRate: 16_000;
  open(format: AudioFormat): Vad;
  /**
   * Tries the model in a process of its own, where a broken one does no harm, and makes detectors ahead: each takes some 50 ms, in
   * which nothing else runs.
   *
   * @throws RoomKitError `missing_dependency`, `model_invalid`.
   */
  warmUp(): Promise<void>;
  /** Detectors that wait for a stream. */
  readonly spares: number;
}

/**
 * Voice activity detection with a Silero network run by sherpa-onnx, in this process: about 0.1 ms per 32 ms window. Hears mono at
 * 16,000 Hz.
 *
 * `open` throws RoomKitError `missing_dependency` or `unsupported_format`.
 *
 * @throws RoomKitError `invalid_option`, `model_not_found`, `model_invalid`.
 */
export function sherpaVad(options: SherpaVadOptions): SherpaVadFactory {
  assertOptions("sherpaVad", options, {
    required: ["model"],
    string: ["model"],
    number: ["threshold", "silenceThresholdMs", "minSpeechMs", "speechPadMs", "maxSpeechMs", "spare"],
  });
  return sherpaVadOn(loadSherpa, options);
}

/** With a library of one's own; for tests. */
export function sherpaVadOn(load: () => Sherpa, given: SherpaVadOptions): SherpaVadFactory {
  const options = resolveVadOptions(given);
  requireModels({ model: options.model });
  const config = vadConfig(options.model, options.threshold);
  const spare: NativeVad[] = [];
  const make = (): NativeVad => new (load().Vad)(config, BUFFER_SECONDS);
  return {
    name: "vad-sherpa",
    sampleRate: SAMPLE_RATE,
    speechPadMs: options.speechPadMs,
    open(format) {
      if (format.sampleRate !== SAMPLE_RATE || format.channels !== 1) {
        throw new RoomKitError("unsupported_format", "Silero VAD hears mono at 16,000 Hz only", {
          details: { ...format },
        });
      }
      return new SherpaVadStream(spare.pop() ?? make(), options, (native) => {
        if (spare.length < options.spare) spare.push(native);
      });
    },
    async warmUp() {
      load();
      const trial = enginePool<{ readonly trial: true }, boolean>({ kind: "vad", config }, { workers: 1 });
      try {
        await trial.run({ trial: true });
      } catch (cause) {
        if (!RoomKitError.is(cause, "worker_crashed")) throw cause;
        throw new RoomKitError("model_invalid", `model: sherpa-onnx cannot run ${options.model}`, { cause });
      } finally {
        await trial.close();
      }
      while (spare.length < options.spare) {
        spare.push(make());
        // Others may run between two.
        await new Promise((resolve) => setImmediate(resolve));
      }
    },
    get spares() {
      return spare.length;
    },
  };
}
