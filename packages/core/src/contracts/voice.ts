import type { AudioFormat } from "../audio/format.ts";
import type { AudioFrame } from "../audio/frame.ts";
import type { Unsubscribe } from "../events/emitter.ts";
import type { ConnectionQuality } from "./connection-quality.ts";
import type { DtmfEvent } from "./stage.ts";

/** Anything an application hangs on a session or connection. */
export type Metadata = Readonly<Record<string, unknown>>;

/** Names one stretch of speech that is interrupted, heard and remembered as one. */
export type UtteranceId = string;

/** How far a listener has heard an utterance. */
export interface PlaybackProgress {
  readonly utterance: UtteranceId;
  /** Audio of the utterance that has left the listener's speaker, in ms. */
  readonly playedMs: number;
  /** `reported`: the client counted rendered samples. `estimated`: derived from the server's pacing clock. */
  readonly confidence: "reported" | "estimated";
  /** No more of this utterance will be played: it ended, or it was cleared. */
  readonly done: boolean;
}

/** What had been heard when playback was silenced. */
export interface HeardReport {
  /**
   * Every utterance that was queued or playing, in playing order. One with `done` is final. For one without, the client's exact
   * count follows as `onPlayback` with `done`, or soon, should the client stay silent, the transport's estimate.
   */
  readonly utterances: readonly PlaybackProgress[];
}

/** What the server tells the client besides audio; the transport writes it in the dialect the client speaks. */
export type ConnectionMessage =
  | { readonly type: "state"; readonly state: "listening" | "thinking" | "speaking" }
  | {
      readonly type: "transcript";
      readonly id: string;
      readonly role: "user" | "assistant";
      /** The whole text of this transcript so far. */
      readonly text: string;
      readonly final: boolean;
      /** Counts up from 0 for each id. */
      readonly revision: number;
      /** Set on an assistant transcript that was cut off: the part of `text` the listener heard. */
      readonly heard?: string | undefined;
      /** On a final transcript: who said most of it, where a diarizer knows; for an operator, who said it. */
      readonly speaker?: string | undefined;
    }
  | {
      readonly type: "utterance";
      readonly id: UtteranceId;
      readonly phase: "start" | "end";
      readonly text?: string | undefined;
    }
  | { readonly type: "interrupted"; readonly utterance: UtteranceId; readonly heard: string; readonly unheard: string }
  /** Sound over the assistant's speech did not count; `resumed`: it had silenced the assistant, who has gone on. */
  | { readonly type: "dismissed"; readonly cause: DismissCause; readonly resumed: boolean }
  | { readonly type: "metrics"; readonly turn: TurnMetrics }
  | { readonly type: "level"; readonly direction: "inbound" | "outbound"; readonly db: number }
  | { readonly type: "error"; readonly code: string; readonly message: string; readonly retryable: boolean }
  | { readonly type: "data"; readonly name: string; readonly payload: unknown };

/**
 * Why sound over the assistant's speech did not count: too little of it was speech, words that want no floor ("mhm"), the assistant's own
 * words, or no words at all.
 */
export type DismissCause = "short" | "backchannel" | "echo" | "no_words";

/** Where the time of one turn went, in ms after the user stopped speaking; a stage that did not happen is absent. */
export interface TurnMetrics {
  readonly turnId: string;
  /** The VAD was sure that speech had ended. */
  readonly endpointMs?: number | undefined;
  /** The final transcript was there. */
  readonly transcriptMs?: number | undefined;
  /** The hooks had let the words pass; absent where none was asked. */
  readonly hooksMs?: number | undefined;
  /** The turn was taken for over: more silence may have been waited for after the transcript. */
  readonly decidedMs?: number | undefined;
  /** What the turn detector went by, in a word. */
  readonly decidedBy?: string | undefined;
  /** How much earlier the model was asked, as its answer was prepared while more was waited for; absent where it was not. No stage: a stretch. */
  readonly preparedMs?: number | undefined;
  /** How much earlier the voice was asked, as the answer's beginning was synthesized ahead; absent where it was not. No stage: a stretch. */
  readonly preparedSpeechMs?: number | undefined;
  /** The model's first text. */
  readonly firstTokenMs?: number | undefined;
  /** The first synthesized audio. */
  readonly firstAudioMs?: number | undefined;
  /** The first audio was handed to the transport's clock: what the user waits for, without the network. */
  readonly replyMs?: number | undefined;
  /** How long the user spoke. */
  readonly speechMs?: number | undefined;
  /** Somebody broke in on the reply: the caller, or the application. False when the voice failed or the call ended. */
  readonly interrupted: boolean;
}

/** One press of a touch-tone key, to be told beside the audio. */
export interface DtmfPress {
  readonly digit: DtmfEvent["digit"];
  /** How long the key is held, ms, 40 to 1,000; a transport rounds up to its packets (20 ms). */
  readonly toneMs: number;
  /** Silence after it, ms, 40 to 1,000; rounded up, too. */
  readonly pauseMs: number;
}

/** What the client tells the server besides audio and playback. */
export type ConnectionInput =
  | { readonly type: "mute"; readonly muted: boolean }
  | { readonly type: "text"; readonly text: string }
  | { readonly type: "interrupt" }
  | { readonly type: "dtmf"; readonly digit: string }
  | { readonly type: "data"; readonly name: string; readonly payload: unknown };

/** Why a connection ended. */
export interface CloseReason {
  /** Stable: `client_closed`, `client_lost`, `idle_timeout`, `server_closed`, `draining`, `protocol_error`, `rate_limited`, ... */
  readonly code: string;
  readonly message: string;
  /** It could not go on: for its client an error, not an end. Default false. */
  readonly failed?: boolean | undefined;
}

/** How audio is played. */
export interface PlayOptions {
  /**
   * It is of a source that speaks now: another person, a mix. Each piece of 10 ms or more goes out as it comes. After a stall it is caught
   * up: within a second it is again at most `maxDelayMs` behind, 60 to 5,000, by leaving out silence and playing faster, and in the seconds
   * after that, more gently, about half of it. Give it more than the longest piece in which the audio comes. What has been heard is counted in
   * samples that were sent, so it is less than the source has said. The same at each call.
   */
  readonly live?: { readonly maxDelayMs: number } | undefined;
}

/**
 * One listener and speaker at the far end of a socket. Frames are pushed synchronously; nothing here throws because of what
 * the client did, and every method is a no-op after the end.
 */
export interface VoiceConnection {
  /** Given by the server; the only id that means anything. */
  readonly id: string;
  /** What the client called itself (`websocket_id`, `webrtc_id`): a label, never a credential. */
  readonly label: string;
  /** What authentication said of the client. */
  readonly metadata: Metadata;
  /** What {@link onAudio} delivers. */
  readonly inbound: AudioFormat;
  /** What {@link play} wants. */
  readonly outbound: AudioFormat;
  /** Whether the client reports what it rendered, or the server estimates. */
  readonly playback: "reported" | "estimated";
  readonly closed: boolean;
  /** Audio queued and not yet sent, in ms. */
  readonly queuedMs: number;
  /** How well audio travels, counted as it does. Absent: not measured. */
  readonly quality?: ConnectionQuality | undefined;
  /** The one consumer of the caller's audio. */
  onAudio(listener: (frame: AudioFrame) => void): Unsubscribe;
  /** Queues audio of an utterance; the connection paces it. Past its bound it drops the oldest whole utterance and reports that. */
  play(utterance: UtteranceId, frame: AudioFrame, options?: PlayOptions): void;
  /**
   * The keys whose presses the other side takes as events beside the audio (RFC 4733, or a telephone provider's own), as agreed for
   * this client: some of `0123456789*#ABCD`. Absent or empty: none, and a tone must be played.
   */
  readonly dtmfEvents?: string | undefined;
  /**
   * Presses a key as such an event. It takes its place, and its time, in the same queue as the audio of its utterance: paced, dropped,
   * cleared and reported like it, with silence where the tone would be. Ignored for a key that is not among {@link dtmfEvents}.
   */
  playDtmf?(utterance: UtteranceId, press: DtmfPress): void;
  /** What leaves the queue from now on is so much quieter, in dB: 0 or less, 0 being as it is. Absent: a transport that cannot. */
  duck?(db: number): void;
  /** No more audio of this utterance will come; travels the same queue. */
  endUtterance(utterance: UtteranceId): void;
  /** Resolves when at most `belowMs` of audio is queued, or the connection ended. @throws RoomKitError `aborted`. */
  writable(belowMs: number, signal: AbortSignal): Promise<void>;
  /** Silences the listener now, drops what is queued, and says what had been heard. */
  clear(): HeardReport;
  /** Reports per utterance, a few times a second while playing, once with `done` for each. */
  onPlayback(listener: (progress: PlaybackProgress) => void): Unsubscribe;
  /**
   * The audio that is being played right now, as it leaves the pacing queue: the echo canceller's reference. `startedAt`: when its
   * first sample was played, on the clock, ms; absent where a transport cannot say: about now. `utterance`: whose audio it is; absent
   * for the silence between.
   */
  onPlayed(listener: (frame: AudioFrame, startedAt?: number, utterance?: UtteranceId) => void): Unsubscribe;
  send(message: ConnectionMessage): void;
  /** What came before anybody listened is kept, within bounds, and given in the order in which it came. */
  onInput(listener: (input: ConnectionInput) => void): Unsubscribe;
  /** Called once; at once when already ended. */
  onClose(listener: (reason: CloseReason) => void): Unsubscribe;
  /** Ends the connection, telling the client why. Resolves when its socket is gone. */
  close(reason?: CloseReason): Promise<void>;
}

/** `connecting` until its client's connection is bound, `ended` for ever after. */
export type VoiceSessionState = "connecting" | "active" | "ended";

/** One participant's voice in one room. */
export interface VoiceSession {
  readonly id: string;
  readonly roomId: string;
  readonly participantId: string;
  readonly channelId: string;
  readonly state: VoiceSessionState;
  /** The application's; copied nowhere. */
  readonly metadata: Record<string, unknown>;
}

/** What a session is carried by and who works for it, by their names. */
export interface SessionParts {
  /** The backend's. */
  readonly transport: string;
  readonly providers: {
    readonly stt?: string | undefined;
    readonly tts?: string | undefined;
    /** Speech to speech: hears, answers and speaks. */
    readonly realtime?: string | undefined;
  };
}

/** What another process needs of a transport to go on with a session, when its client comes back. */
export interface SessionResumption {
  /** SHA-256 of the tokens its client may show, in base64url, the newest first. */
  readonly tokens: readonly string[];
  /** The transport's own. Data only. */
  readonly transport: unknown;
}

/** A client that shows a resume token of which its transport knows nothing: it may be another process's. */
export interface ForeignToken {
  /** SHA-256 of it, in base64url. */
  readonly token: string;
  /** Where the client is: `connect` makes the session anew, with what was kept of it. */
  readonly backend: VoiceBackend;
  /** Aborts when the client has gone, or waited too long. */
  readonly signal: AbortSignal;
}

/** A session of another process that is made anew. */
export interface ResumedSession {
  readonly id: string;
  /** {@link SessionResumption.transport} as it was kept. */
  readonly transport: unknown;
}

/** What a transport does by itself, so that nothing does it twice. */
export interface VoiceCapabilities {
  /** The client's platform removes echo. */
  readonly nativeEchoCancellation: boolean;
  /** The client's platform levels the microphone. */
  readonly nativeGainControl: boolean;
}

/**
 * A transport: turns sockets into sessions with connections. It knows nothing of speech. A session and its client come together
 * in one of two orders; everything after that is the same. Methods that take a session throw RoomKitError `unknown_session`
 * for one that is not of this transport or has ended, except {@link disconnect}, which then does nothing.
 */
export interface VoiceBackend {
  readonly name: string;
  readonly capabilities: VoiceCapabilities;

  /**
   * The session first: makes one that waits for its client. Given back by a session factory, it is bound to the client's connection.
   *
   * @param resumed a session of another process, with its id: only for a transport with {@link onForeignToken}
   * @throws RoomKitError `closed`, `too_many_sessions` (retryable), `session_taken` (one with this id is here).
   */
  connect(
    roomId: string,
    participantId: string,
    channelId: string,
    metadata?: Metadata,
    resumed?: ResumedSession,
  ): Promise<VoiceSession>;
  /** The client's connection belongs to the session of {@link connect} now, and audio flows. */
  onSessionReady(listener: (session: VoiceSession, connection: VoiceConnection) => void): Unsubscribe;
  /** A session ended, from whichever side and whichever came first; its resources in the transport are gone. */
  onSessionEnded(listener: (session: VoiceSession, reason: CloseReason) => void): Unsubscribe;

  /** The client first: one connected for whom no session was made. `connectionId` is what {@link accept} takes. Runs inside `authContext`. */
  onClientConnected(listener: (connectionId: string, metadata: Metadata) => unknown): Unsubscribe;
  /**
   * Binds a session, made by whoever calls, to a client that waits. Audio flows as soon as the connection has a consumer.
   *
   * @throws RoomKitError `unknown_connection`, `connection_taken`, `session_taken`, `aborted`, `closed`.
   */
  accept(
    session: VoiceSession,
    connectionId: string,
    options?: { readonly signal?: AbortSignal | undefined },
  ): Promise<VoiceConnection>;
  /** The client of a session given to {@link accept} is gone; `onSessionEnded` tells of it too. */
  onClientDisconnected(listener: (session: VoiceSession, reason: CloseReason) => void): Unsubscribe;

  /**
   * A tap on the raw inbound audio of all sessions: each frame once, in order, before the connection's consumer gets it. What a
   * client said before its session was bound is shown at that moment.
   */
  onAudioReceived(listener: (session: VoiceSession, frame: AudioFrame) => void): Unsubscribe;
  /** Plays raw audio to a session's client, outside of any utterance of a channel. Resolves when all of it is queued or the client has gone. */
  sendAudio(session: VoiceSession, audio: AudioFrame | AsyncIterable<AudioFrame>): Promise<void>;
  /** Sends an application message to a session's client, as it is. A telephone has no place for one: it is dropped. @throws RoomKitError also `invalid_message` for what is no JSON. */
  sendMessage(session: VoiceSession, message: Readonly<Record<string, unknown>>): Promise<void>;
  /** Ends a session and its connection. Resolves when the client's socket is gone. Idempotent. */
  disconnect(session: VoiceSession, reason?: CloseReason): Promise<void>;
  /**
   * Newcomers are refused (`node_full`) while `full` says so; who comes back to a session is not. Channels ask their providers by it.
   * Optional: a transport without it takes everybody.
   */
  refuseWhile?(full: () => boolean): Unsubscribe;
  /** What of a session is to be kept for another process; undefined: its client could not come back to one. */
  resumption?(session: VoiceSession): SessionResumption | undefined;
  /** What {@link resumption} gives for a session has changed by more than what is being played. */
  onResumption?(listener: (session: VoiceSession) => void): Unsubscribe;
  /** Asks for the session of a {@link ForeignToken}, one after the other until one has it; undefined: it is not known there either. */
  onForeignToken?(take: (foreign: ForeignToken) => Promise<VoiceSession | undefined>): Unsubscribe;
  /** Newcomers are refused from now on (`draining`); the sessions that are there go on, and who comes back to one is taken. Idempotent. */
  drain?(): void;
  /** Refuses new clients, ends all sessions and releases everything. Idempotent. */
  close(): Promise<void>;
}
