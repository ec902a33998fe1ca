export type { VoiceChannelOptions } from "./options.ts";
export { type SayOptions, VoiceChannel } from "./voice-channel.ts";
