export {
  type ArgumentsOf,
  defineTool,
  type HandoffHistory,
  type HandoffToOptions,
  handoffTo,
  type Tool,
  type ToolContext,
  type ToolSource,
} from "@roomkit/tools";
export * from "./ai-channel.ts";
export { AssistantFloor, type AssistantFloorOptions } from "./floor.ts";
export {
  type AIChannelOptions,
  DEFAULT_FALLBACK_TEXT,
  DEFAULT_INTERRUPTION_NOTE,
  type ReplyContext,
} from "./options.ts";
