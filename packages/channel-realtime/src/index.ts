export type { RealtimeVoiceChannelOptions, SessionOverrides } from "./options.ts";
export { RealtimeVoiceChannel, type StartSessionOptions } from "./realtime-voice-channel.ts";
