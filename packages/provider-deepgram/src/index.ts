export * from "./batch/deepgram-batch.ts";
export type { DeepgramConnectionOptions, DeepgramLiveOptions, DeepgramSocketOptions } from "./connection/options.ts";
export { deepgramFlux } from "./flux/deepgram-flux.ts";
export type { DeepgramFluxOptions } from "./flux/options.ts";
export * from "./nova/deepgram-stt.ts";
export type { DeepgramSttOptions, DeepgramTextOptions } from "./nova/options.ts";
