import type { AudioFormat } from "../audio/format.ts";
import type { AudioFrame } from "../audio/frame.ts";
import type { RoomKitError } from "../errors/error.ts";
import type { Unsubscribe } from "../events/emitter.ts";
import type { AIUsage, ToolCall, ToolDefinition } from "./ai.ts";
import type { FallbackListening } from "./fallback.ts";
import type { VoiceCapabilities } from "./voice.ts";

/** How speech-to-speech vendors differ, as data. */
export interface RealtimeCapabilities {
  /** Audio rates it takes, in Hz, best first. */
  readonly inputSampleRates: readonly number[];
  /** Audio rates it can send, in Hz, best first. */
  readonly outputSampleRates: readonly number[];
  /** It can be told how much of a reply was heard ({@link RealtimeSession.truncate}). */
  readonly truncation: boolean;
  /** It finds turns itself; without it (or with `turnDetection: "manual"`) the caller marks activity. */
  readonly serverTurnDetection: boolean;
  /** Instructions and tools can change in a running session. */
  readonly midSessionUpdate: boolean;
  /** It resumes a lost connection with its context. */
  readonly resumption: boolean;
}

/** What a speech-to-speech session is told to be. */
export interface RealtimeSessionConfig {
  readonly instructions?: string | undefined;
  readonly voice?: string | undefined;
  readonly language?: string | undefined;
  readonly temperature?: number | undefined;
  readonly tools?: readonly ToolDefinition[] | undefined;
  /** Default `server` where the provider has it. `manual`: activityStart / activityEnd mark the turns. */
  readonly turnDetection?: "server" | "manual" | undefined;
  /** Earlier conversation to start from, oldest first. */
  readonly history?: readonly { readonly role: "user" | "assistant"; readonly text: string }[] | undefined;
  /** Options only this provider knows. */
  readonly providerOptions?: Readonly<Record<string, unknown>> | undefined;
}

/**
 * What a running session says, in the order it must be handled: a transcript never after its own `final`, a tool call never
 * before the user's words that caused it, `response-end` never before the response's last audio.
 *
 * Words have no such place: a reply's transcripts may come before its audio, beside it, after its `response-end` and after the
 * next response has begun. `responseId` and `itemId` say whose they are, and nothing else does.
 */
export type RealtimeEvent =
  | { readonly type: "response-start"; readonly responseId: string }
  /** Audio of a reply; `itemId` is what `truncate` takes. */
  | { readonly type: "audio"; readonly responseId: string; readonly itemId: string; readonly frame: AudioFrame }
  /**
   * `text` is the whole text of transcript `id` so far; exactly one `final` per id. `itemId`: the item whose words they are;
   * `responseId`: the response the item belongs to (default: the one its audio came with, else the one under way, else the last).
   * `audioMs`: how much audio these words are of, in ms, where the vendor made more of it than the session gave out.
   */
  | {
      readonly type: "transcript";
      readonly id: string;
      readonly role: "user" | "assistant";
      readonly text: string;
      readonly final: boolean;
      readonly itemId?: string | undefined;
      readonly responseId?: string | undefined;
      readonly audioMs?: number | undefined;
    }
  | { readonly type: "speech-start" }
  /** Where the provider knows: how long the caller spoke, and how long they have been silent, in ms. */
  | { readonly type: "speech-end"; readonly durationMs?: number | undefined; readonly silenceMs?: number | undefined }
  /** All of the reply has been generated (not: played). */
  | {
      readonly type: "response-end";
      readonly responseId: string;
      readonly status: "completed" | "cancelled" | "failed";
      readonly usage?: AIUsage | undefined;
    }
  | ({ readonly type: "tool-call" } & ToolCall)
  | { readonly type: "tool-call-cancelled"; readonly ids: readonly string[] }
  | { readonly type: "reconnecting"; readonly attempt: number }
  | { readonly type: "reconnected"; readonly contextKept: boolean }
  /** `fatal`: the session is over and `closed` follows. */
  | { readonly type: "error"; readonly error: RoomKitError; readonly fatal: boolean }
  | { readonly type: "closed"; readonly reason: string };

/** How text enters the conversation of a provider. */
export interface SendTextOptions {
  readonly role?: "user" | "system" | undefined;
  /** Whether it is to be answered. Default true. */
  readonly respond?: boolean | undefined;
}

/** One caller's speech-to-speech session. Methods that send never throw: a failure comes as an `error` event. */
export interface RealtimeSession {
  readonly id: string;
  /** What {@link sendAudio} wants. */
  readonly inbound: AudioFormat;
  /** What `audio` events carry. */
  readonly outbound: AudioFormat;
  /** True between `response-start` and `response-end`. */
  readonly responding: boolean;
  /** One listener; events are given synchronously and in order. */
  onEvent(listener: (event: RealtimeEvent) => void): Unsubscribe;
  sendAudio(frame: AudioFrame): void;
  /**
   * Puts text into the conversation; `respond` (default true) asks for an answer: when its turn comes, should another be under
   * way or the caller be speaking. Texts in a row may be answered together.
   */
  sendText(text: string, options?: SendTextOptions): void;
  /** Manual turn detection: the user began to speak. */
  activityStart(): void;
  /** Manual turn detection: the user's turn is complete; the provider answers. */
  activityEnd(): void;
  /** Stops the reply under way, and one that was asked for before it begins; does nothing when there is none. */
  interrupt(): void;
  /**
   * How far an item has been played to the listener, in ms, a few times a second and once with `done`. For providers that pace
   * themselves by it; others do without.
   */
  playback?(itemId: string, playedMs: number, done: boolean): void;
  /** The listener heard only `playedMs` of the audio of `itemId`. Ignored without `capabilities.truncation`. */
  truncate(itemId: string, playedMs: number): void;
  /**
   * What a call came to. Also of a call that was taken back (`tool-call-cancelled`) and done all the same: the model hears of it
   * where the vendor has a place for that. The result of a call that was never made, or has one, is ignored.
   */
  submitToolResult(callId: string, result: string, options?: { readonly isError?: boolean | undefined }): void;
  /** Changes instructions, tools or voice; only what is given changes. @throws RoomKitError `unsupported` without `midSessionUpdate`. */
  update(config: Partial<RealtimeSessionConfig>): Promise<void>;
  /** Ends the session and its socket; `closed` is the last event, once. Idempotent: again, or twice at once, it resolves when it has ended. */
  close(): Promise<void>;
}

export interface RealtimeConnectOptions extends FallbackListening {
  readonly signal: AbortSignal;
  /** The rate in Hz the caller's audio has; the provider picks the nearest it takes and says so in `session.inbound`. */
  readonly inputSampleRate?: number | undefined;
  readonly outputSampleRate?: number | undefined;
  /** What the caller's platform does to their audio; for providers that process audio themselves. */
  readonly native?: VoiceCapabilities | undefined;
}

/** A speech-to-speech vendor. */
export interface RealtimeProvider {
  readonly name: string;
  readonly capabilities: RealtimeCapabilities;
  /** Resolves when the session may be spoken to. @throws RoomKitError with the provider's code, or `aborted`. */
  connect(config: RealtimeSessionConfig, options: RealtimeConnectOptions): Promise<RealtimeSession>;
  /**
   * Whether one more call would have to wait for it. What computes on this machine says so; transports then refuse newcomers
   * (`node_full`), so that the calls that are there keep their answers. Absent: never.
   */
  overloaded?(): boolean;
  /**
   * Ends every session; what is being connected ends with `closed`, and so does every later call. Idempotent: again, or twice at
   * once, it resolves when all have ended. Whoever made the provider closes it; who was given it does not.
   */
  close?(): Promise<void>;
}
