export * from "./elevenlabs-tts.ts";
export type { ElevenLabsSampleRate, ElevenLabsTtsOptions, ElevenLabsVoiceSettings } from "./options.ts";
