export type { EngineOptions } from "./native/engine-pool.ts";
export {
  type SherpaSpeakerFactory,
  type SherpaSpeakerOptions,
  sherpaSpeakerEmbedding,
} from "./speakers/sherpa-speaker-embedding.ts";
export type { OfflineModel, StreamingModel } from "./stt/models.ts";
export { type SherpaSttOptions, sherpaStt } from "./stt/sherpa-stt.ts";
export type { VoiceModel } from "./tts/models.ts";
export { type SherpaTtsOptions, sherpaTts } from "./tts/sherpa-tts.ts";
export type { SherpaVadOptions } from "./vad/options.ts";
export { type SherpaVadFactory, sherpaVad } from "./vad/sherpa-vad.ts";
