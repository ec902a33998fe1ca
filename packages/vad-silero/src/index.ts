export type { SileroVadOptions } from "./options.ts";
export { type SileroVadFactory, sileroVad } from "./silero-vad.ts";
export type { SileroVad } from "./stream.ts";
