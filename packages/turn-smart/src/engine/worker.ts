import { joinSamples } from "@roomkit/core";
import type { OnnxRuntimeChoice } from "@roomkit/onnx";
import { createResampler } from "@roomkit/pipeline";
import { serveJobs } from "@roomkit/worker-pool";
import { HEARD, SAMPLE_RATE } from "./features.ts";
import { SmartTurn } from "./model.ts";

export interface SmartTurnData {
  readonly model: string;
  readonly sha256: string;
  readonly runtime: OnnxRuntimeChoice | undefined;
}

/** The end of a turn, mono. */
export interface SmartTurnJob {
  readonly samples: Int16Array;
  readonly sampleRate: number;
}

serveJobs<SmartTurnData, SmartTurnJob, number>(async ({ model, sha256, runtime }) => {
  const smartTurn = await SmartTurn.load(model, sha256, runtime);
  // The first computations are the slow ones.
  for (let i = 0; i < 3; i++) await smartTurn.probability(new Int16Array(HEARD));
  return ({ samples, sampleRate }) => smartTurn.probability(at16k(samples, sampleRate));
});

function at16k(samples: Int16Array, sampleRate: number): Int16Array {
  if (sampleRate === SAMPLE_RATE) return samples;
  const resampler = createResampler(sampleRate, SAMPLE_RATE);
  return joinSamples([resampler.process(samples), resampler.flush()]);
}
