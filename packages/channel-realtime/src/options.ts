import type { DtmfMode } from "@roomkit/call";
import {
  type AudioPipeline,
  type DtmfTones,
  defined,
  type OptionRanges,
  optionsWithin,
  type RateConverterFactory,
  type RealtimeProvider,
  type RealtimeSessionConfig,
  type ToolDefinition,
  type VoiceBackend,
} from "@roomkit/core";
import type { Tool, ToolSource } from "@roomkit/tools";

/** What a session's model is told to be after a handoff. */
export interface RealtimeAssistant {
  /** Instructions for the model. */
  readonly systemPrompt: string;
  /** A voice of the provider; default the channel's. Not all providers can change it once they have spoken: the handoff is refused then. */
  readonly voice?: string | undefined;
  /** What it may do; default nothing. */
  readonly tools?: readonly (Tool | ToolSource)[] | undefined;
}

export interface RealtimeVoiceChannelOptions {
  readonly provider: RealtimeProvider;
  /** The transport callers come in by: WebSocket, telephone or WebRTC. */
  readonly transport: VoiceBackend;
  /** Instructions for the model. */
  readonly systemPrompt?: string | undefined;
  /** A voice of the provider; default its own. */
  readonly voice?: string | undefined;
  /** BCP 47 tag. */
  readonly language?: string | undefined;
  readonly temperature?: number | undefined;
  /** What the model may do. */
  readonly tools?: readonly (Tool | ToolSource)[] | undefined;
  /**
   * Who else a session's model may become, by name: the tool `handoffTo("billing", ...)` makes it `billing`. A session begins as the channel
   * itself says, under the channel's id, and can be handed back to that.
   */
  readonly assistants?: Readonly<Record<string, RealtimeAssistant>> | undefined;
  /** Handoffs from one word of the caller to the next, 1 to 20; more are refused. Default 3. */
  readonly maxHandoffs?: number | undefined;
  /** Said into the conversation when a session begins, for the model to answer: makes it speak first. */
  readonly greetingPrompt?: string | undefined;
  /** Who finds the caller's turns: `server`, the provider (default where it can); `manual`, `activityStart` and `activityEnd`, or the pipeline's VAD. */
  readonly turnDetection?: "server" | "manual" | undefined;
  /** An audio path in front of the provider, and behind it: echo canceller, denoiser, recorder, touch tones. Default: none. */
  readonly pipeline?: AudioPipeline | undefined;
  /** Makes the tones of `sendDtmf`: `dtmfTones` of `@roomkit/dtmf`. */
  readonly dtmfTones?: DtmfTones | undefined;
  /**
   * How `sendDtmf` sends them: `rfc4733`, as events beside the audio, to clients that agreed to take them; `inband`, as tones of `dtmfTones`;
   * `auto`, as events where that can be, else as tones. Default `auto`.
   */
  readonly dtmfMode?: DtmfMode | undefined;
  /** Options only the provider knows. */
  readonly providerOptions?: Readonly<Record<string, unknown>> | undefined;
  /** Converts between the rates of transport and provider: `createResampler` of `@roomkit/pipeline`. Needed when they differ. */
  readonly createResampler?: RateConverterFactory | undefined;
  /** Whether what is said becomes events of the room. Default true. */
  readonly emitTranscriptionEvents?: boolean | undefined;
  /** How much of the earlier conversation a session begins with, in events. Default 20; 0 for none. */
  readonly historyEvents?: number | undefined;
  /** How long a client may be connected before its session is joined to a room. Default 30,000 ms. */
  readonly joinTimeoutMs?: number | undefined;
  /** Longest wait for the provider's handshake. Default 15,000 ms. */
  readonly connectTimeoutMs?: number | undefined;
  /** The caller's audio kept while the provider shakes hands, in ms; the oldest is dropped beyond. Default 10,000. */
  readonly handshakeBufferMs?: number | undefined;
  /** The provider's speech kept for a listener at most, in ms; the newest is dropped beyond. Default 120,000. */
  readonly maxBufferedMs?: number | undefined;
  /** Longest run of a tool. Default 15,000 ms. */
  readonly toolTimeoutMs?: number | undefined;
  /** Longest result of a tool given to the model, in characters. Default 16,384. */
  readonly toolResultMaxLength?: number | undefined;
  /** Whether the caller is not listened to while a tool runs. Default false. */
  readonly muteOnToolCall?: boolean | undefined;
}

const defaults = {
  tools: [] as readonly (Tool | ToolSource)[],
  emitTranscriptionEvents: true,
  muteOnToolCall: false,
  maxHandoffs: 3,
  historyEvents: 20,
  joinTimeoutMs: 30_000,
  connectTimeoutMs: 15_000,
  handshakeBufferMs: 10_000,
  maxBufferedMs: 120_000,
  toolTimeoutMs: 15_000,
  toolResultMaxLength: 16_384,
  dtmfMode: "auto" as DtmfMode,
};

const ranges: OptionRanges<typeof defaults> = {
  maxHandoffs: [1, 20],
  historyEvents: [0, 100_000],
  joinTimeoutMs: [0, 3_600_000],
  connectTimeoutMs: [0, 600_000],
  handshakeBufferMs: [0, 600_000],
  maxBufferedMs: [0, 3_600_000],
  toolTimeoutMs: [0, 3_600_000],
  toolResultMaxLength: [0, 100_000_000],
};

/** The options with every default filled in. */
export type RealtimeSettings = Omit<RealtimeVoiceChannelOptions, keyof typeof defaults> & Readonly<typeof defaults>;

/** @throws RoomKitError `invalid_option` for a number out of its range. */
export function resolveOptions(options: RealtimeVoiceChannelOptions): RealtimeSettings {
  return { ...options, ...optionsWithin(options, defaults, ranges) };
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
  const some = <T>(list: readonly T[] | undefined): readonly T[] | undefined => (list?.length ? list : undefined);
  return {
    ...sessionUpdate({ ...settings, ...defined(overrides) }),
    turnDetection: settings.turnDetection,
    tools: some(tools),
    history: some(history),
  };
}

/** The part of it that may change in a running session: only what is given changes. */
export function sessionUpdate(overrides: SessionOverrides): Partial<RealtimeSessionConfig> {
  const { systemPrompt: instructions, voice, language, temperature, providerOptions } = overrides;
  return defined({ instructions, voice, language, temperature, providerOptions });
}
