export * from "./live/gemini-live.ts";
export type { GeminiLiveOptions } from "./live/options.ts";
