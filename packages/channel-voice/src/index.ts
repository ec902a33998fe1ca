export { type SpeechFilter, speakable, speakableWith } from "@roomkit/core";
export type { InterruptionOptions, VoiceChannelOptions } from "./options.ts";
export { turnStep } from "./turns/machine.ts";
export type {
  InterruptionStrategy,
  TurnEffect,
  TurnInput,
  TurnPhase,
  TurnRules,
  TurnState,
  TurnStep,
  TurnTimer,
} from "./turns/state.ts";
export { initialTurnState, phaseOf } from "./turns/state.ts";
export { VoiceChannel } from "./voice-channel.ts";
