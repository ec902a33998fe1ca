export {
  createFloatResampler,
  createResampler,
  type FloatResampler,
  type Resampler,
  type StreamResampler,
} from "./resample/resampler.ts";
