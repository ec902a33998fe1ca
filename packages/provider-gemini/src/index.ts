export * from "./ai/gemini-ai.ts";
export type { GeminiAIOptions } from "./ai/options.ts";
export * from "./live/gemini-live.ts";
export type { GeminiLiveOptions } from "./live/options.ts";
