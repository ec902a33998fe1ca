import {
  type AIProvider,
  type Binding,
  type DeliveryContext,
  type OptionRanges,
  optionsWithin,
  type Resolved,
  type Room,
  type RoomEvent,
  RoomKitError,
  type VoiceSession,
} from "@roomkit/core";
import type { Tool, ToolSource } from "@roomkit/tools";
import type { AssistantFloor } from "./floor.ts";

/** Whom a reply is for: what a `system` function may look at. */
export interface ReplyContext {
  readonly room: Room;
  readonly binding: Binding;
  /** The session whose words are answered, when a voice session spoke them. */
  readonly session?: VoiceSession | undefined;
}

export interface AIChannelOptions {
  /** The model. One provider may serve many channels: it keeps nothing between calls. */
  readonly provider: AIProvider;
  /** Instructions for every reply, or a function that writes them for one. Default none. */
  readonly system?: string | ((context: ReplyContext) => string | undefined | Promise<string | undefined>) | undefined;
  /** What the model may do. Default nothing. @throws RoomKitError `invalid_option` with a provider that takes no tools. */
  readonly tools?: readonly (Tool | ToolSource)[] | undefined;
  /** Longest run of one tool in ms, > 0; a tool may set its own. Default 15,000. */
  readonly toolTimeoutMs?: number | undefined;
  /** How often in one reply the model may call tools before it must answer in words, >= 0. Default 8. */
  readonly maxToolRounds?: number | undefined;
  /** Calls run in one round, >= 1; more are refused. Default 32. */
  readonly maxToolCallsPerRound?: number | undefined;
  /** The same tool with the same arguments runs in so many rounds of one reply, >= 1; then it must answer in words. Default 2. */
  readonly maxIdenticalCalls?: number | undefined;
  /** Characters of a tool's result that are kept, >= 1. Default 16,384. */
  readonly toolResultMaxLength?: number | undefined;
  /** The newest so many events of the room are shown to the model, 0 to 100. Default 50. */
  readonly historyEvents?: number | undefined;
  /** Characters of conversation shown to the model, >= 1; the oldest messages go first. Default 32,000. */
  readonly maxHistoryChars?: number | undefined;
  /** 0 to 2, or what the provider takes. Default: the provider's. */
  readonly temperature?: number | undefined;
  /** Most tokens of one generation, >= 1. Default: the provider's. */
  readonly maxOutputTokens?: number | undefined;
  /** Longest wait for the first part of a generation in ms, > 0. Default 15,000. */
  readonly firstTokenTimeoutMs?: number | undefined;
  /** Longest wait between two parts of a generation in ms, > 0. Default 15,000. */
  readonly stallTimeoutMs?: number | undefined;
  /** Characters of one reply, >= 1; what would go beyond is cut off. Default 8,000. */
  readonly maxReplyChars?: number | undefined;
  /** Options only this provider knows. */
  readonly providerOptions?: Readonly<Record<string, unknown>> | undefined;
  /** Said when the model failed before it said anything; `false`: silence. Default a short apology. */
  readonly fallbackText?: string | false | undefined;
  /** Tries again, once in a reply, a generation that failed with a `retryable` error before it yielded anything. Default true. */
  readonly retry?: boolean | undefined;
  /** Pause before that second try in ms, >= 0. Default 250. */
  readonly retryDelayMs?: number | undefined;
  /** Put before the user's next words when a reply was cut off, by the user or by a failing voice; `false`: nothing. */
  readonly interruptionNote?: string | false | undefined;
  /**
   * Whether the model is shown who said the user's words: the participant, or the voice where a diarizer knows it (`metadata.speaker`): `several`, when its messages hold
   * words of at least two; `always`; `never`. Default `several`.
   */
  readonly speakers?: "several" | "always" | "never" | undefined;
  /**
   * Shared by the AI channels of a room of which one at a time speaks with the caller: those without the floor answer nothing. Default: none,
   * the channel always answers.
   */
  readonly floor?: AssistantFloor | undefined;
  /** Whether an event of another channel is answered. Default: when its role is `user`. `true`, at once, answers it. */
  readonly respondTo?: ((event: RoomEvent, context: DeliveryContext) => boolean) | undefined;
}

export const DEFAULT_FALLBACK_TEXT = "Sorry, something went wrong on my side. Could you say that again?";
export const DEFAULT_INTERRUPTION_NOTE = "(Your last answer was cut off: I heard it only up to where it stops here.)";

type WithDefaults = Omit<
  AIChannelOptions,
  "provider" | "system" | "tools" | "floor" | "temperature" | "maxOutputTokens" | "providerOptions"
>;
type WithoutDefaults = Pick<
  AIChannelOptions,
  "provider" | "system" | "floor" | "temperature" | "maxOutputTokens" | "providerOptions"
>;

/** The options with their defaults filled in. */
export type ResolvedOptions = Resolved<WithDefaults> & WithoutDefaults;

const defaults: Resolved<WithDefaults> = {
  toolTimeoutMs: 15_000,
  maxToolRounds: 8,
  maxToolCallsPerRound: 32,
  maxIdenticalCalls: 2,
  toolResultMaxLength: 16_384,
  historyEvents: 50,
  maxHistoryChars: 32_000,
  firstTokenTimeoutMs: 15_000,
  stallTimeoutMs: 15_000,
  maxReplyChars: 8_000,
  fallbackText: DEFAULT_FALLBACK_TEXT,
  retry: true,
  retryDelayMs: 250,
  interruptionNote: DEFAULT_INTERRUPTION_NOTE,
  speakers: "several",
  respondTo: (event) => event.source.role === "user",
};

const LONGEST_MS = 3_600_000;
const ranges: OptionRanges<WithDefaults> = {
  toolTimeoutMs: [1, LONGEST_MS],
  maxToolRounds: [0, 1_000],
  maxToolCallsPerRound: [1, 256],
  maxIdenticalCalls: [1, 1_000],
  toolResultMaxLength: [1, 10_000_000],
  historyEvents: [0, 100],
  maxHistoryChars: [1, 100_000_000],
  firstTokenTimeoutMs: [1, LONGEST_MS],
  stallTimeoutMs: [1, LONGEST_MS],
  maxReplyChars: [1, 1_000_000],
  retryDelayMs: [0, 60_000],
};

/** @throws RoomKitError `invalid_option`. */
export function resolveOptions(options: AIChannelOptions): ResolvedOptions {
  const { provider, system, tools, floor, temperature, maxOutputTokens, providerOptions, ...rest } = options;
  if (typeof provider?.generate !== "function") {
    throw new RoomKitError("invalid_option", "provider must be an AIProvider");
  }
  if ((tools?.length ?? 0) > 0 && !provider.capabilities.tools) {
    throw new RoomKitError("invalid_option", `the provider ${provider.name} takes no tools`);
  }
  if (maxOutputTokens !== undefined && !(Number.isInteger(maxOutputTokens) && maxOutputTokens >= 1)) {
    throw new RoomKitError("invalid_option", "maxOutputTokens must be a whole number >= 1");
  }
  if (temperature !== undefined && !(temperature >= 0)) {
    throw new RoomKitError("invalid_option", "temperature must be >= 0");
  }
  return {
    ...optionsWithin<WithDefaults>(rest, defaults, ranges),
    provider,
    system,
    floor,
    temperature,
    maxOutputTokens,
    providerOptions,
  };
}
