export * from "./anthropic-ai.ts";
export type { AnthropicAIOptions, AnthropicThinking } from "./options.ts";
