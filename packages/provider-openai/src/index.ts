export * from "./ai/openai-ai.ts";
export type { OpenAIAIOptions } from "./ai/options.ts";
export type { OpenAIConnectionOptions } from "./connection/connection.ts";
export * from "./realtime/openai-realtime.ts";
export type { OpenAIRealtimeOptions, SemanticVad, ServerVad } from "./realtime/options.ts";
export * from "./stt/openai-stt.ts";
export type { OpenAISttOptions } from "./stt/options.ts";
export * from "./tts/openai-tts.ts";
export type { OpenAITtsOptions } from "./tts/options.ts";
