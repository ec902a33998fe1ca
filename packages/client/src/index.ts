export type {
  AudioDevice,
  AudioDevices,
  AudioIO,
  AudioIOFactory,
  AudioIOHandlers,
  AudioRates,
  MicrophoneOptions,
} from "./browser/audio-io.ts";
export { VoiceClient } from "./client.ts";
export type { ClientClock } from "./clock.ts";
export type { Unsubscribe } from "./emitter.ts";
export { type ClientErrorCode, VoiceClientError, type VoiceClientErrorOptions } from "./errors.ts";
export type { CallState, CallStats, Transcript, TurnMetrics, VoiceClientEvents } from "./events.ts";
export { workletSource } from "./generated/worklets.ts";
export type { Environment, TokenSource, VoiceClientOptions } from "./options.ts";
export { defaultJitter, type JitterOptions } from "./playback/jitter-buffer.ts";
export type { PlaybackReport } from "./playback/player.ts";
export { defaultReconnect, type ReconnectOptions } from "./session/backoff.ts";
export type { Page } from "./session/page.ts";
export type {
  CandidatePair,
  ReceivedAudio,
  Transport,
  TransportClose,
  TransportContext,
  TransportFactory,
  TransportHandlers,
  TransportStats,
} from "./transport/transport.ts";
export type { PlaybackStats } from "./worklets/messages.ts";
