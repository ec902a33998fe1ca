import type { AudioFrame, TranscriptPart } from "@roomkit/core";
import type { WorkerPool } from "@roomkit/worker-pool";
import type { AudioJob, RecognitionResult } from "../native/engine.ts";
import { chunksOf } from "./source.ts";

export type OfflinePool = Pick<WorkerPool<AudioJob, RecognitionResult>, "run">;

/** Silence put on either side of audio in which nothing was recognised, in samples: some models want it, some do not. */
const PADDING = 8_000;
/** Audio shorter than this is not tried twice, in samples. */
const WORTH_RETRYING = 4_800;

/** Recognises whole utterances: everything up to the end, or in pieces of `segment` samples. */
export async function* offlineTranscript(
  audio: AsyncIterable<AudioFrame>,
  pool: OfflinePool,
  { segment, signal }: { readonly segment: number; readonly signal: AbortSignal },
): AsyncGenerator<TranscriptPart, void, undefined> {
  for await (const samples of chunksOf(audio, segment, signal)) {
    let result = await pool.run({ samples }, { signal });
    if (result.text === "" && samples.length >= WORTH_RETRYING) {
      const padded = new Float32Array(samples.length + 2 * PADDING);
      padded.set(samples, PADDING);
      result = await pool.run({ samples: padded }, { signal });
    }
    const { text, language } = result;
    if (text !== "") yield { type: "final", text, language };
  }
}
