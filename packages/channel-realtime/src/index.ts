export {
  type ArgumentsOf,
  defineTool,
  type HandoffToOptions,
  handoffTo,
  type Tool,
  type ToolContext,
  type ToolSource,
} from "@roomkit/tools";
export type { RealtimeAssistant, RealtimeVoiceChannelOptions, SessionOverrides } from "./options.ts";
export { RealtimeVoiceChannel, type StartSessionOptions } from "./realtime-voice-channel.ts";
