import type { AIUsage, ToolCall } from "../contracts/ai.ts";
import type { RecordingInfo, RecordingSummary } from "../contracts/recording.ts";
import type { DtmfEvent, SpeakerEvent } from "../contracts/stage.ts";
import type { SessionParts, TurnMetrics, VoiceSession } from "../contracts/voice.ts";
import type { RoomKitError } from "../errors/error.ts";
import type { EventDraft, HeardRecord, RoomEvent } from "./event.ts";

interface InRoom {
  readonly roomId: string;
}

interface InSession extends InRoom {
  readonly session: VoiceSession;
}

interface OfAnswer {
  /** The turn that it answers, where there is one; a speech-to-speech provider does not say. */
  readonly turnId?: string | undefined;
}

interface UserTurn {
  readonly text: string;
  readonly turnId: string;
  /** Who said most of it, where a diarizer knows. */
  readonly speaker?: string | undefined;
}

/** What each trigger hands its hooks. Sync hooks of the triggers marked (sync) may block or modify. */
export interface HookPayloads {
  /** (sync) Before an event enters the log. */
  readonly BEFORE_BROADCAST: InRoom & { readonly event: EventDraft };
  readonly AFTER_BROADCAST: InRoom & { readonly event: RoomEvent };
  readonly ON_CHANNEL_ATTACHED: InRoom & { readonly channelId: string };
  readonly ON_CHANNEL_DETACHED: InRoom & { readonly channelId: string };
  readonly ON_SESSION_STARTED: InSession & SessionParts & { readonly resumed?: boolean | undefined };
  /** `kept`: it is over here, and another process may go on with it. */
  readonly ON_SESSION_ENDED: InSession & { readonly reason: string; readonly kept?: boolean | undefined };
  /** The caller began to speak, ms into their audio. A speech-to-speech provider tells of speech over an answer only if it interrupts. */
  readonly ON_SPEECH_START: InSession & { readonly timestamp: number };
  /** They have stopped. `durationMs` is without the silence waited out; estimated where a speech-to-speech provider does not say. */
  readonly ON_SPEECH_END: InSession & { readonly timestamp: number; readonly durationMs: number };
  /**
   * (sync, fails closed) Before the user's words of a turn go anywhere. A speech-to-speech provider has heard the audio itself: what is
   * changed or blocked here reaches client, hooks and room, but not its model. `speaker`, who said most of it, may be changed, too; absent: no
   * diarizer knows.
   */
  readonly ON_TRANSCRIPTION: InSession & UserTurn;
  /** (sync, fails closed) Before a guess at the user's words goes anywhere; with a speech-to-speech provider: anywhere else. */
  readonly ON_PARTIAL_TRANSCRIPTION: InSession & { readonly text: string; readonly turnId: string };
  /**
   * (sync, fails closed) Before a piece of a reply is spoken or shown. `text` is what the voice says, empty for what is only read;
   * `written` is what page, log and model get of it. To say it otherwise change `text`; to have it read otherwise, too, change both.
   * A speech-to-speech provider has made the audio already: it runs when all words of an item are known, `text` changes nothing, and
   * blocking keeps the words from client and room, not from the ear.
   */
  readonly BEFORE_TTS: InSession & { readonly text: string; readonly written: string; readonly utterance: string };
  /** An utterance was played to its end; `text` is what was heard of it, `record` how long that took. */
  readonly AFTER_TTS: InSession &
    OfAnswer & { readonly text: string; readonly utterance: string; readonly record: HeardRecord };
  /**
   * An audible utterance was silenced, and how much of it was heard is known: exactly where the voice times its words, estimated by
   * the length of the words with a speech-to-speech provider. `reason`: `barge_in`, `text_input`, `client`, `output_muted`,
   * `application` or the application's own.
   */
  readonly ON_TTS_CANCELLED: InSession &
    OfAnswer & {
      readonly utterance: string;
      readonly heard: string;
      readonly record: HeardRecord;
      readonly reason: string;
    };
  /** The same, after it, when the caller's speech did that. */
  readonly ON_BARGE_IN: InSession &
    OfAnswer & { readonly utterance: string; readonly heard: string; readonly record: HeardRecord };
  /** The caller has said all of a turn, as hooks left it; a speech-to-speech provider may be answering already. */
  readonly ON_TURN_COMPLETE: InSession & UserTurn;
  /** A turn detector wants to wait for more. Not with a speech-to-speech provider, which decides that itself. */
  readonly ON_TURN_INCOMPLETE: InSession & UserTurn;
  /** The answer has become audible, or was cut off after that. What a speech-to-speech provider does not tell is missing. */
  readonly ON_TURN_METRICS: InSession & { readonly metrics: TurnMetrics };
  /**
   * The caller pressed a key: once for each press, although it may be both heard and told of by the client. `durationMs` and `timestamp` are 0 where
   * the client was first.
   */
  readonly ON_DTMF: InSession & DtmfEvent;
  /** Another voice is heard than before, or the same has got another label (`renames`). */
  readonly ON_SPEAKER_CHANGE: InSession & SpeakerEvent;
  /**
   * How loud the caller is, ten times a second. `processedDb`: after the stages of the pipeline; `speechProbability`: how likely its VAD
   * finds that to be speech, 0 to 1. Both absent where there is none.
   */
  readonly ON_INPUT_AUDIO_LEVEL: InSession & {
    readonly db: number;
    readonly processedDb?: number | undefined;
    readonly speechProbability?: number | undefined;
  };
  readonly ON_OUTPUT_AUDIO_LEVEL: InSession & { readonly db: number };
  /**
   * (sync, fails closed) Before anything of a recording is written: blocking means that nothing is. The hook may take as long as its
   * `timeoutMs`, to ask the caller, for instance; what is said meanwhile is recorded only if the recorder was told to hold it.
   */
  readonly ON_RECORDING_STARTED: InSession & { readonly recording: RecordingInfo };
  /** A recording that was begun is over, and its files are complete. Once for each, however its call ended. */
  readonly ON_RECORDING_STOPPED: InSession & { readonly recording: RecordingSummary };
  /** (sync) Before an AI channel asks its model. A speech-to-speech provider asks its own: not for that. */
  readonly BEFORE_AI_GENERATION: InRoom & { readonly channelId: string; readonly system: string | undefined };
  /** The reply of an AI channel's model is over; `text` is all it generated, heard or not. */
  readonly ON_AI_RESPONSE: InRoom & {
    readonly channelId: string;
    readonly text: string;
    /** `aborted`: it was cut off; `failed`: the model broke down, see `ai_error`. */
    readonly status?: "completed" | "aborted" | "failed" | undefined;
    /** Of all generations of the reply together, where the provider counts. */
    readonly usage?: AIUsage | undefined;
    /** How many tool calls the model made for it. */
    readonly toolCalls?: number | undefined;
    /** The turn that it answers, where a caller's words caused it. */
    readonly turnId?: string | undefined;
    /** The model's provider. */
    readonly provider?: string | undefined;
    /** From when the reply was wanted until its end, tools included, ms; of one that was prepared: the rest of it. */
    readonly durationMs?: number | undefined;
  };
  /** (sync, fails closed) Before a tool runs. */
  readonly BEFORE_TOOL_USE: InRoom & { readonly channelId: string; readonly call: ToolCall };
  readonly ON_TOOL_CALL: InRoom & {
    readonly channelId: string;
    readonly call: ToolCall;
    readonly result: string;
    readonly isError: boolean;
    /** The turn in which it was made, where a caller's words caused it. */
    readonly turnId?: string | undefined;
    /** From its arrival to its result, hooks included, ms. */
    readonly durationMs?: number | undefined;
  };
  readonly ON_CLIENT_DATA: InSession & { readonly name: string; readonly payload: unknown };
  readonly ON_ERROR: InRoom & { readonly where: string; readonly error: RoomKitError };
}

export type HookTrigger = keyof HookPayloads;

/** The triggers by name, for those who prefer `HookTrigger.ON_TRANSCRIPTION` to the string. */
export const HookTrigger: { readonly [K in HookTrigger]: K } = {
  BEFORE_BROADCAST: "BEFORE_BROADCAST",
  AFTER_BROADCAST: "AFTER_BROADCAST",
  ON_CHANNEL_ATTACHED: "ON_CHANNEL_ATTACHED",
  ON_CHANNEL_DETACHED: "ON_CHANNEL_DETACHED",
  ON_SESSION_STARTED: "ON_SESSION_STARTED",
  ON_SESSION_ENDED: "ON_SESSION_ENDED",
  ON_SPEECH_START: "ON_SPEECH_START",
  ON_SPEECH_END: "ON_SPEECH_END",
  ON_TRANSCRIPTION: "ON_TRANSCRIPTION",
  ON_PARTIAL_TRANSCRIPTION: "ON_PARTIAL_TRANSCRIPTION",
  BEFORE_TTS: "BEFORE_TTS",
  AFTER_TTS: "AFTER_TTS",
  ON_TTS_CANCELLED: "ON_TTS_CANCELLED",
  ON_BARGE_IN: "ON_BARGE_IN",
  ON_TURN_COMPLETE: "ON_TURN_COMPLETE",
  ON_TURN_INCOMPLETE: "ON_TURN_INCOMPLETE",
  ON_TURN_METRICS: "ON_TURN_METRICS",
  ON_DTMF: "ON_DTMF",
  ON_SPEAKER_CHANGE: "ON_SPEAKER_CHANGE",
  ON_INPUT_AUDIO_LEVEL: "ON_INPUT_AUDIO_LEVEL",
  ON_OUTPUT_AUDIO_LEVEL: "ON_OUTPUT_AUDIO_LEVEL",
  ON_RECORDING_STARTED: "ON_RECORDING_STARTED",
  ON_RECORDING_STOPPED: "ON_RECORDING_STOPPED",
  BEFORE_AI_GENERATION: "BEFORE_AI_GENERATION",
  ON_AI_RESPONSE: "ON_AI_RESPONSE",
  BEFORE_TOOL_USE: "BEFORE_TOOL_USE",
  ON_TOOL_CALL: "ON_TOOL_CALL",
  ON_CLIENT_DATA: "ON_CLIENT_DATA",
  ON_ERROR: "ON_ERROR",
};

/** Triggers whose broken hooks (throwing, too slow, answering nonsense) block instead of allow: nothing leaks unredacted. */
export const FAIL_CLOSED: ReadonlySet<HookTrigger> = new Set<HookTrigger>([
  "ON_TRANSCRIPTION",
  "ON_PARTIAL_TRANSCRIPTION",
  "BEFORE_TTS",
  "BEFORE_TOOL_USE",
  "ON_RECORDING_STARTED",
]);

/** What a sync hook answers. `modify` replaces fields of the payload; an empty string is a modification too. */
export type HookResult<K extends HookTrigger> =
  | { readonly action: "allow" }
  | { readonly action: "block"; readonly reason?: string | undefined }
  | { readonly action: "modify"; readonly payload: Partial<HookPayloads[K]> };

export interface HookOptions {
  /** Default `sync`: one after the other, may block or modify. `async`: side by side, only told. */
  readonly execution?: "sync" | "async" | undefined;
  /** Lower runs first; default 0. */
  readonly priority?: number | undefined;
  /** For logs and `blockedBy`; default the trigger. */
  readonly name?: string | undefined;
  /** Default 30,000 ms. */
  readonly timeoutMs?: number | undefined;
  /** Only for this room. */
  readonly roomId?: string | undefined;
}

export type HookHandler<K extends HookTrigger> = (
  payload: HookPayloads[K],
  context: { readonly signal: AbortSignal },
) => // biome-ignore lint/suspicious/noConfusingVoidType: a hook that returns nothing is a hook too
HookResult<K> | undefined | void | Promise<HookResult<K> | undefined | void>;

/** The handler of each trigger. Spelled out by name, so that a handler written in place is checked against its own payload. */
export type HookHandlers = { readonly [K in HookTrigger]: HookHandler<K> };

/** What all sync hooks together decided. */
export type HookOutcome<K extends HookTrigger> =
  | { readonly allowed: true; readonly payload: HookPayloads[K] }
  | { readonly allowed: false; readonly payload: HookPayloads[K]; readonly hook: string; readonly reason: string };
