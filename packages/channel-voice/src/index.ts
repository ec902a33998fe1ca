export type { VoiceChannelOptions } from "./options.ts";
export { VoiceChannel } from "./voice-channel.ts";
