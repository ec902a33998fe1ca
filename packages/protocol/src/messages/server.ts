import type { AudioSpecs } from "./audio.ts";

/** What a server may send: `serializeServerMessage` writes it, `parseServerMessage` reads it. */
export type ServerMessage = CompatServerMessage | V1ServerMessage | ServerMediaMessage;

/** Both dialects: audio as JSON. */
export interface ServerMediaMessage {
  readonly event: "media";
  /** Encoded samples: mu-law in compat, the granted codec in v1. */
  readonly audio: Uint8Array;
  /** Phone mode only. */
  readonly streamSid?: string | undefined;
}

/** The seed's messages. */
export type CompatServerMessage =
  | { readonly event: "pong" }
  | { readonly type: "transcription"; readonly data: { readonly role: "user" | "assistant"; readonly text: string } }
  | { readonly type: "clear_audio" }
  /** WebRTC only: someone began or stopped speaking. */
  | { readonly type: "speaking"; readonly speaking: boolean; readonly who: "user" | "assistant" }
  /** A refusal; the connection closes after it. `meta` may hold more facts, such as `limit`. */
  | { readonly status: "failed"; readonly meta: { readonly error: string; readonly [fact: string]: unknown } }
  /** Phone mode: to be sent back when everything before it has been played, or was dropped. */
  | { readonly event: "mark"; readonly streamSid: string; readonly mark: { readonly name: string } }
  /** Phone mode: drop the audio that is queued at the telephone provider. */
  | { readonly event: "clear"; readonly streamSid: string };

/** v1's messages. Utterances are numbers, counted up from 1 in a session, the same as in binary audio frames. */
export type V1ServerMessage =
  | ReadyMessage
  | StateMessage
  | TranscriptMessage
  | ClearMessage
  | UtteranceMessage
  | InterruptedMessage
  | DismissedMessage
  | MetricsMessage
  | LevelMessage
  | ErrorMessage
  | PongMessage
  | ByeMessage
  | ServerDataMessage;

/** The answer to a v1 `start`. */
export interface ReadyMessage {
  readonly event: "ready";
  readonly protocol: 1;
  /** The session's id, given by the server. */
  readonly session: string;
  /** Shows that a later connection may continue this session. Works once; every `ready` carries a new one. Keep it secret. */
  readonly resume: string;
  /** True when this connection continues an earlier one. */
  readonly resumed: boolean;
  /** What both sides use from here on, whatever was asked for. */
  readonly audio: AudioSpecs;
  readonly limits: ReadyLimits;
}

export interface ReadyLimits {
  /** Bytes of one message. */
  readonly maxMessageBytes: number;
  /** Messages a second, sustained. */
  readonly messagesPerSecond: number;
  /** How long a connection may be silent, ms. */
  readonly idleMs: number;
  /** How long after losing its connection a session can be resumed, ms; 0: not at all. */
  readonly resumeMs: number;
}

export interface StateMessage {
  readonly type: "state";
  readonly state: "listening" | "thinking" | "speaking";
  /** When the state began, ms after the session did. */
  readonly since: number;
}

export interface TranscriptMessage {
  readonly type: "transcript";
  readonly id: string;
  readonly role: "user" | "assistant";
  /** The whole text so far. */
  readonly text: string;
  readonly final: boolean;
  /** Counts up from 0 for each id. */
  readonly revision: number;
  /** On an assistant transcript that was cut off, by an interruption or a failing voice: the part of `text` that was heard. */
  readonly heard?: string | undefined;
  /**
   * On a final transcript: who said it, or most of it, at most 256 characters. Where the server tells voices apart, and for an operator, whom it
   * shows what is said by others.
   */
  readonly speaker?: string | undefined;
}

/** Be silent now: drop every utterance numbered `utterance` or lower, also frames of them that still arrive, and report `playback` with `done`. */
export interface ClearMessage {
  readonly type: "clear";
  readonly utterance: number;
}

export interface UtteranceMessage {
  readonly type: "utterance";
  readonly id: number;
  readonly phase: "start" | "end";
  /** What is being said. */
  readonly text?: string | undefined;
}

export interface InterruptedMessage {
  readonly type: "interrupted";
  readonly utterance: number;
  readonly heard: string;
  readonly unheard: string;
}

/** Sound over the assistant's speech did not count. */
export interface DismissedMessage {
  readonly type: "dismissed";
  /** `short`, `backchannel`, `echo`, `no_words`, or one of later. */
  readonly cause: string;
  /** It had silenced the assistant, who has gone on. */
  readonly resumed: boolean;
}

/** Where the time of one turn went, ms after the user stopped speaking; a stage that did not happen is absent. */
export interface MetricsMessage {
  readonly type: "metrics";
  readonly turn: {
    readonly turnId: string;
    readonly endpointMs?: number | undefined;
    readonly transcriptMs?: number | undefined;
    readonly hooksMs?: number | undefined;
    readonly decidedMs?: number | undefined;
    readonly decidedBy?: string | undefined;
    /** How much earlier the model was asked, as its answer was prepared. */
    readonly preparedMs?: number | undefined;
    /** The same of the voice, as the answer's beginning was synthesized ahead. */
    readonly preparedSpeechMs?: number | undefined;
    readonly firstTokenMs?: number | undefined;
    readonly firstAudioMs?: number | undefined;
    readonly replyMs?: number | undefined;
    readonly speechMs?: number | undefined;
    readonly interrupted: boolean;
  };
}

export interface LevelMessage {
  readonly type: "level";
  readonly direction: "inbound" | "outbound";
  /** dBFS. */
  readonly db: number;
}

export interface ErrorMessage {
  readonly type: "error";
  readonly code: string;
  readonly message: string;
  readonly retryable: boolean;
}

export interface PongMessage {
  readonly type: "pong";
  /** The `t` of the ping. */
  readonly t?: number | undefined;
}

/** The server is about to close the connection. */
export interface ByeMessage {
  readonly type: "bye";
  readonly reason: string;
  /** Whether the resume token is still good. */
  readonly resumable: boolean;
  /** What a WebSocket is closed with for that reason, see `CloseCode`: 1000 is an end in peace. Older servers do not say. */
  readonly code?: number | undefined;
}

/** A message of the application. */
export interface ServerDataMessage {
  readonly type: "data";
  readonly name: string;
  readonly payload: unknown;
}
