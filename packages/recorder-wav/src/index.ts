export type { RecordingCipher, RecordingSink, RecordingStorage } from "./files/storage.ts";
export type { WavRecorderOptions } from "./options.ts";
export type { RecordingLayout } from "./wav/tracks.ts";
export { wavRecorder } from "./wav-recorder.ts";
export { type WavTapsOptions, wavTaps } from "./wav-taps.ts";
