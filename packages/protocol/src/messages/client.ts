import type { AudioSpec } from "./audio.ts";

/**
 * What a client may send, as held in memory: `serializeClientMessage` writes it, `parseClientMessage` reads it. Every client
 * message is named by its `event`, in both dialects. Audio in memory is bytes; on the wire it is base64 or a binary frame.
 */
export type ClientMessage =
  | StartMessage
  | ClientMediaMessage
  | PingMessage
  | StopMessage
  | PlaybackMessage
  | PlayoutMessage
  | MuteMessage
  | TextMessage
  | InterruptMessage
  | DtmfMessage
  | ClientDataMessage
  | PhoneConnectedMessage
  | PhoneMarkMessage;

/** What a client of v1 alone says as JSON: its audio travels in binary frames or on a track. */
export type V1ClientMessage = Exclude<ClientMessage, ClientMediaMessage | PhoneMarkMessage>;

/** First message of a connection. Without `protocol` the client speaks compat. */
export interface StartMessage {
  readonly event: "start";
  /** What the client calls itself: a label, never a credential. Compat over WebSocket requires it (or `streamSid`). */
  readonly websocket_id?: string | undefined;
  /** The same over WebRTC. */
  readonly webrtc_id?: string | undefined;
  /** Set by a telephone provider's media stream: phone mode, 8,000 Hz both ways. */
  readonly streamSid?: string | undefined;
  /** Phone mode: what the provider says of the call. */
  readonly start?: PhoneStart | undefined;
  /** `1` asks for v1. */
  readonly protocol?: 1 | undefined;
  /** v1: the audio the client would like. What is left out is the server's choice; the grant in `ready` decides. */
  readonly audio?: { readonly send?: AudioSpec | undefined; readonly receive?: AudioSpec | undefined } | undefined;
  /** v1: the token of the session this connection continues. */
  readonly resume?: string | undefined;
  /** v1: who is calling, for the server's records. */
  readonly client?: { readonly name?: string | undefined; readonly version?: string | undefined } | undefined;
}

/** Phone mode: whose call it is, as far as the provider says. */
export interface PhoneStart {
  readonly accountSid?: string | undefined;
  readonly callSid?: string | undefined;
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  /** What the answer to the call gave along, by name: at most 64, each of at most 500 characters with its name. */
  readonly customParameters?: Readonly<Record<string, string>> | undefined;
}

/** A stretch of the caller's audio. */
export interface ClientMediaMessage {
  readonly event: "media";
  /** Encoded samples: mu-law in compat, the granted codec in v1. May be empty. */
  readonly audio: Uint8Array;
  /** Phone mode: counts up with each message. */
  readonly sequenceNumber?: number | undefined;
}

/** Answered with a pong. */
export interface PingMessage {
  readonly event: "ping";
  /** v1: any number; comes back in the pong, so that the client can measure the round trip. */
  readonly t?: number | undefined;
}

/** The client ends the session on purpose. */
export interface StopMessage {
  readonly event: "stop";
}

/** v1: how much of an utterance has been rendered. A few times a second while playing, and at once when it ends or is cleared. */
export interface PlaybackMessage {
  readonly event: "playback";
  /** The utterance's number, from its audio frames. */
  readonly utterance: number;
  /** Samples of the utterance that left the speaker, at the granted `receive` rate. */
  readonly playedSamples: number;
  /** How often playback ran dry since the session began. */
  readonly underruns: number;
  /** Nothing more of this utterance will be played: it ended or was cleared. */
  readonly done?: true | undefined;
}

/**
 * v1 over WebRTC: how far the track from the server has been played. A few times a second while it plays, and at once in answer to
 * `clear`. The server knows which utterance it sent under which RTP timestamp, and the client need not.
 */
export interface PlayoutMessage {
  readonly event: "playout";
  /** The stream, 32 bits. */
  readonly ssrc: number;
  /** Of the newest packet given to the speaker, 32 bits. */
  readonly rtpTimestamp: number;
  /** From that packet's first sample to the one that leaves the speaker now, ms, -5,000 to 5,000: negative while it is on its way there. */
  readonly playedMs: number;
  /** It answers the `clear` of this utterance: nothing of it or of those before will be played any more. */
  readonly cleared?: number | undefined;
}

/** v1: the microphone was switched off or on by the user. */
export interface MuteMessage {
  readonly event: "mute";
  readonly muted: boolean;
}

/** v1: the user typed instead of speaking. */
export interface TextMessage {
  readonly event: "text";
  readonly text: string;
}

/** v1: the user pressed "stop talking". */
export interface InterruptMessage {
  readonly event: "interrupt";
}

/** v1 and phone mode: a key was pressed. */
export interface DtmfMessage {
  readonly event: "dtmf";
  /** One of `0`-`9`, `A`-`D`, `*`, `#`. */
  readonly digit: string;
}

/** v1: a message of the application. */
export interface ClientDataMessage {
  readonly event: "data";
  readonly name: string;
  /** Any JSON; keys named `__proto__` are dropped. */
  readonly payload: unknown;
}

/** Phone mode: the provider's greeting before `start`. */
export interface PhoneConnectedMessage {
  readonly event: "connected";
}

/** Phone mode: playback has reached a mark, or it was dropped with the audio around it. */
export interface PhoneMarkMessage {
  readonly event: "mark";
  readonly name: string;
}
