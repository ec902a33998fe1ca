export * from "./offline-ai.ts";
export type { OfflineAIOptions } from "./options.ts";
