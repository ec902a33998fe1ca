export { type WebrtcProcessing, type WebrtcProcessingOptions, webrtcAec, webrtcAudioProcessing } from "./processing.ts";
