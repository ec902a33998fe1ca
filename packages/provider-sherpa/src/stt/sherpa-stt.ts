import { AbortScope, abortedError, assertOptions, optionsWithin, RoomKitError, type SttProvider } from "@roomkit/core";
import type { AudioJob, OnlineJob, OnlineResult, RecognitionResult } from "../native/engine.ts";
import { type EngineOptions, enginePool } from "../native/engine-pool.ts";
import { checkModel, isStreaming, type OfflineModel, recognizerConfig, type StreamingModel } from "./models.ts";
import { offlineTranscript } from "./offline.ts";
import { OnlineStreams } from "./online.ts";

export interface SherpaSttOptions extends EngineOptions {
  /** The model's type and its files. A `streaming-` type gives partials; all its streams share one process. */
  readonly model: OfflineModel | StreamingModel;
  /** BCP 47 tags the model hears, e.g. `["en"]`; calls in others are refused. Default: any. */
  readonly languages?: readonly string[] | undefined;
  /** Threads of one decode. Default 1. */
  readonly threads?: number | undefined;
  /** Whole utterances: longer speech is recognised in pieces, in ms. Default 20,000. */
  readonly segmentMs?: number | undefined;
  /** Streaming: audio given to the model at a time, in ms. Default 100. */
  readonly chunkMs?: number | undefined;
  /** Streaming: silence after which a piece is settled, in ms. Default 1,200. */
  readonly endpointMs?: number | undefined;
  /** Streaming: streams at once; one more fails with `busy`. Default 16. */
  readonly maxStreams?: number | undefined;
}

const defaults = { threads: 1, segmentMs: 20_000, chunkMs: 100, endpointMs: 1_200, maxStreams: 16 };

/**
 * Speech to text with a model of one's own, run by sherpa-onnx in processes of their own. Takes mono at 16 kHz.
 *
 * A call throws RoomKitError `unsupported_format`, `invalid_audio`, `unsupported_language`, `missing_dependency`, `model_invalid`, `busy` (retryable),
 * `timeout` (retryable), `worker_crashed` (retryable; a broken model ends its process each time), `aborted` or `closed`.
 *
 * @throws RoomKitError `invalid_option`, `model_not_found`, `model_invalid`
 */
export function sherpaStt(options: SherpaSttOptions): SttProvider {
  assertOptions("sherpaStt", options, {
    required: ["model"],
    number: ["threads", "segmentMs", "chunkMs", "endpointMs", "maxStreams", "workers", "queueLimit", "jobTimeoutMs"],
    object: ["model", "clock"],
    strings: ["languages"],
  });
  const { model, languages, threads, segmentMs, chunkMs, endpointMs, maxStreams } = options;
  const numbers = optionsWithin({ threads, segmentMs, chunkMs, endpointMs, maxStreams }, defaults, {
    threads: [1, 64],
    segmentMs: [2_000, 30_000],
    chunkMs: [20, 1_000],
    endpointMs: [100, 10_000],
    maxStreams: [1, 1_000],
  });
  checkModel(model);
  const streaming = isStreaming(model);
  const language = languages?.length === 1 ? primary(languages[0] as string) : "";
  const config = recognizerConfig(model, { ...numbers, language });
  const pool = enginePool<AudioJob | OnlineJob, RecognitionResult & OnlineResult>(
    { kind: streaming ? "online" : "offline", config },
    streaming ? { ...options, workers: 1 } : options,
  );
  const streams = new OnlineStreams(pool, numbers.maxStreams);
  const closing = new AbortScope();
  return {
    name: "sherpa",
    capabilities: {
      streaming,
      turnDetection: false,
      wordTimings: false,
      sampleRate: 16_000,
      languages,
    },
    async *transcribe(audio, call) {
      const wanted = call.language;
      if (wanted !== undefined && languages && !languages.some((tag) => primary(tag) === primary(wanted))) {
        throw new RoomKitError("unsupported_language", "the model does not hear this language", {
          details: { language: wanted },
        });
      }
      const scope = closing.child(call.signal);
      const { signal } = scope;
      try {
        if (signal.aborted) throw abortedError(signal);
        if (streaming) yield* streams.transcript(audio, { chunk: numbers.chunkMs * 16, signal });
        else yield* offlineTranscript(audio, pool, { segment: numbers.segmentMs * 16, signal });
      } finally {
        scope.release();
      }
    },
    overloaded: () => pool.overloaded,
    async warmUp(signal) {
      const samples = new Float32Array(16_000);
      const job: OnlineJob = { stream: 0, position: "only", samples };
      await pool.run(streaming ? job : { samples }, signal ? { signal } : {});
    },
    async close() {
      closing.abort(new RoomKitError("closed", "the recogniser was closed"));
      await pool.close();
    },
  };
}

function primary(tag: string): string {
  return tag.split("-", 1)[0]?.toLowerCase() ?? "";
}
