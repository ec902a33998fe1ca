export { type RnnoiseFactory, type RnnoiseOptions, rnnoise } from "./rnnoise.ts";
