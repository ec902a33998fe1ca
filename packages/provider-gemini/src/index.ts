export * from "./ai/gemini-ai.ts";
export type { GeminiAIOptions } from "./ai/options.ts";
export type { GeminiConnectionOptions } from "./connection/options.ts";
export * from "./live/gemini-live.ts";
export type { GeminiLiveOptions } from "./live/options.ts";
export * from "./tts/gemini-tts.ts";
export type { GeminiTtsOptions } from "./tts/options.ts";
