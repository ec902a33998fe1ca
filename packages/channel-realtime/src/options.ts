import {
  type RateConverterFactory,
  type RealtimeProvider,
  type RealtimeSessionConfig,
  type RealtimeTransport,
  RoomKitError,
  type ToolDefinition,
} from "@roomkit/core";
import type { Tool } from "@roomkit/tools";

export interface RealtimeVoiceChannelOptions {
  readonly provider: RealtimeProvider;
  readonly transport: RealtimeTransport;
  /** Instructions for the model. */
  readonly systemPrompt?: string;
  /** A voice of the provider; default its own. */
  readonly voice?: string;
  /** BCP 47 tag. */
  readonly language?: string;
  readonly temperature?: number;
  /** What the model may do. */
  readonly tools?: readonly Tool[];
  /** Said into the conversation when a session begins, for the model to answer: makes it speak first. */
  readonly greetingPrompt?: string;
  /** Options only the provider knows. */
  readonly providerOptions?: Readonly<Record<string, unknown>>;
  /** Converts between the rates of transport and provider: `createResampler` of `@roomkit/pipeline`. Needed when they differ. */
  readonly createResampler?: RateConverterFactory;
  /** Whether what is said becomes events of the room. Default true. */
  readonly emitTranscriptionEvents?: boolean;
  /** How much of the earlier conversation a session begins with, in events. Default 20; 0 for none. */
  readonly historyEvents?: number;
  /** Longest wait for the provider's handshake. Default 15,000 ms. */
  readonly connectTimeoutMs?: number;
  /** The caller's audio kept while the provider shakes hands, in ms; the oldest is dropped beyond. Default 10,000. */
  readonly handshakeBufferMs?: number;
  /** The provider's speech kept for a listener at most, in ms; the newest is dropped beyond. Default 120,000. */
  readonly maxBufferedMs?: number;
  /** Longest run of a tool. Default 15,000 ms. */
  readonly toolTimeoutMs?: number;
  /** Longest result of a tool given to the model, in characters. Default 16,384. */
  readonly toolResultMaxLength?: number;
  /** Whether the caller is not listened to while a tool runs. Default false. */
  readonly muteOnToolCall?: boolean;
}

export type RealtimeSettings = Required<
  Pick<
    RealtimeVoiceChannelOptions,
    | "tools"
    | "emitTranscriptionEvents"
    | "historyEvents"
    | "connectTimeoutMs"
    | "handshakeBufferMs"
    | "maxBufferedMs"
    | "toolTimeoutMs"
    | "toolResultMaxLength"
    | "muteOnToolCall"
  >
> &
  RealtimeVoiceChannelOptions;

/** @throws RoomKitError `invalid_option` for a number out of its range. */
export function resolveOptions(options: RealtimeVoiceChannelOptions): RealtimeSettings {
  const settings: RealtimeSettings = {
    ...options,
    tools: options.tools ?? [],
    emitTranscriptionEvents: options.emitTranscriptionEvents ?? true,
    historyEvents: options.historyEvents ?? 20,
    connectTimeoutMs: options.connectTimeoutMs ?? 15_000,
    handshakeBufferMs: options.handshakeBufferMs ?? 10_000,
    maxBufferedMs: options.maxBufferedMs ?? 120_000,
    toolTimeoutMs: options.toolTimeoutMs ?? 15_000,
    toolResultMaxLength: options.toolResultMaxLength ?? 16_384,
    muteOnToolCall: options.muteOnToolCall ?? false,
  };
  const numbers = [
    "historyEvents",
    "connectTimeoutMs",
    "handshakeBufferMs",
    "maxBufferedMs",
    "toolTimeoutMs",
    "toolResultMaxLength",
  ] as const;
  for (const name of numbers) {
    if (!Number.isFinite(settings[name]) || settings[name] < 0)
      throw new RoomKitError("invalid_option", `${name} must be a number >= 0`);
  }
  return settings;
}

/** What one session may have differently from its channel. */
export type SessionOverrides = Partial<
  Pick<
    RealtimeVoiceChannelOptions,
    "systemPrompt" | "voice" | "language" | "temperature" | "greetingPrompt" | "providerOptions"
  >
>;

/** What the provider is asked for. */
export function sessionConfig(
  settings: RealtimeSettings,
  tools: readonly ToolDefinition[],
  overrides: SessionOverrides,
  history: RealtimeSessionConfig["history"],
): RealtimeSessionConfig {
  const { systemPrompt, voice, language, temperature, providerOptions } = { ...settings, ...overrides };
  return {
    ...(systemPrompt === undefined ? {} : { instructions: systemPrompt }),
    ...(voice === undefined ? {} : { voice }),
    ...(language === undefined ? {} : { language }),
    ...(temperature === undefined ? {} : { temperature }),
    ...(providerOptions === undefined ? {} : { providerOptions }),
    ...(tools.length === 0 ? {} : { tools }),
    ...(history === undefined || history.length === 0 ? {} : { history }),
  };
}
