import type { OnnxRuntimeChoice } from "@roomkit/onnx";
import { serveJobs } from "@roomkit/worker-pool";
import { findModel } from "./files.ts";
import { SAMPLE_RATE } from "./format.ts";
import { type Decoded, Moonshine } from "./moonshine.ts";

interface MoonshineData {
  /** Where the model lies; undefined: in this package. */
  readonly modelDir: string | undefined;
  readonly runtime: OnnxRuntimeChoice | undefined;
}

/** A stretch of 16 kHz mono audio. */
export interface MoonshineJob {
  readonly samples: Int16Array;
}

export type MoonshineResult = Decoded;

serveJobs<MoonshineData, MoonshineJob, MoonshineResult>(async ({ modelDir, runtime }) => {
  const moonshine = await Moonshine.load(findModel(modelDir), runtime);
  // The first decode allocates what all later ones use.
  await moonshine.decode(new Int16Array(SAMPLE_RATE));
  return ({ samples }, signal) => moonshine.decode(samples, signal);
});
