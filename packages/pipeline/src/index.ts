export type { AudioPipelineConfig } from "./config.ts";
export { audioPipeline } from "./pipeline.ts";
export {
  createFloatResampler,
  createResampler,
  type FloatResampler,
  type Resampler,
  type StreamResampler,
} from "./resample/resampler.ts";
