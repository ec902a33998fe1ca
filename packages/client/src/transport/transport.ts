import type { AudioSpecs, ReadyMessage, V1ClientMessage, V1ServerMessage } from "@roomkit/protocol";
import type { ClientClock } from "../clock.ts";

/**
 * One connection to a server, used once: made, connected, closed. Reconnecting makes a new one. Whatever carries it, the
 * messages are protocol v1's; what differs is how audio travels, and {@link Transport.media} says which way.
 */
export interface Transport {
  /** For people and statistics: `websocket`, `webrtc`. */
  readonly name: string;
  /**
   * `frames`: the SDK captures, encodes and plays; audio goes through `sendAudio` and `onAudio`.
   * `stream`: the browser does; the microphone goes through `sendStream`, the far end comes through `onStream`.
   */
  readonly media: "frames" | "stream";
  /** (stream) The far end's audio comes through `onAudio` all the same. */
  readonly receivesFrames?: boolean | undefined;
  /** Why the transport that would have been preferred is not in use: an error's code. */
  readonly fallback?: string | undefined;
  /**
   * Connects and asks for a session. Once `signal` aborts it must let go of everything and reject with the signal's reason.
   *
   * @returns the server's `ready`.
   * @throws VoiceClientError `connection_failed`, `unauthorized`, `unknown_path`, `limit_reached`, or the server's code.
   */
  connect(signal: AbortSignal): Promise<ReadyMessage>;
  /** Sends a message; ignored unless connected. */
  send(message: V1ClientMessage): void;
  /** (frames) Sends microphone audio at the granted rate. False when it was dropped because the network does not keep up. */
  sendAudio(offset: number, samples: Int16Array): boolean;
  /** (stream) Sends this audio from now on. */
  sendStream?(stream: MediaStream): Promise<void>;
  /** What the browser measures of the connection; undefined when it does not say. */
  stats?(): Promise<TransportStats | undefined>;
  /**
   * Asks by another way whether there is a server, when nothing is heard over this one. True only when there certainly is none:
   * one that takes its time is there.
   */
  serverGone?(): Promise<boolean>;
  /** Ends the connection; `onClose` is not called for that. Safe to call at any time. */
  close(): void;
}

/** The network path in use, as ICE names the kinds of addresses. */
export interface CandidatePair {
  /** This device's end: `host`, `srflx` or `prflx` behind a NAT, `relay` by way of a TURN server. */
  readonly local: RTCIceCandidateType;
  /** The server's end. */
  readonly remote: RTCIceCandidateType;
  /** `udp` or `tcp`; with a relay, how the relay is reached: `udp`, `tcp` or `tls`. */
  readonly protocol: string;
}

/** Measured by a browser that carries audio itself; counters run from the beginning of the connection. */
export interface TransportStats {
  readonly roundTripMs?: number | undefined;
  /** How unevenly packets arrive, ms. */
  readonly jitterMs?: number | undefined;
  /** What the browser's jitter buffer held audio back, on average since the beginning, ms. */
  readonly jitterBufferMs?: number | undefined;
  readonly receivedPackets?: number | undefined;
  /** Packets on their way here that never came. */
  readonly lostPackets?: number | undefined;
  /** Received samples that were lost and made up by the browser. */
  readonly concealedSamples?: number | undefined;
  /** Microphone packets sent, 20 ms each. */
  readonly sentFrames?: number | undefined;
  /** Microphone packets the server reports as lost. */
  readonly lostFrames?: number | undefined;
  readonly candidatePair?: CandidatePair | undefined;
}

/** Audio that arrived. */
export interface ReceivedAudio {
  readonly utterance: number;
  /** Position of the first sample in the utterance. */
  readonly offset: number;
  readonly samples: Int16Array;
  /** Nothing of the utterance comes after it. */
  readonly end: boolean;
}

/** Why a connection ended by itself. */
export interface TransportClose {
  /** A client error code or the server's reason. */
  readonly code: string;
  readonly message: string;
  /** Whether it makes sense to connect again. */
  readonly retryable: boolean;
}

/** Told by a transport after `connect` has resolved; never before, and never after `close`. */
export interface TransportHandlers {
  onMessage(message: V1ServerMessage): void;
  onAudio(audio: ReceivedAudio): void;
  /** (stream) The far end's audio, once. */
  onStream(stream: MediaStream): void;
  /** Called once. */
  onClose(close: TransportClose): void;
}

/** What a transport is made from. */
export interface TransportContext {
  /** The mount, e.g. `https://example.com/voice`: absolute, http or https, no trailing slash. */
  readonly url: URL;
  /** Added to the query of every request. */
  readonly query: ReadonlyMap<string, string>;
  /** Shown in an `Authorization: Bearer` header, or where there are no headers as {@link bearerProtocols}. */
  readonly token: string | undefined;
  /** What to ask for. */
  readonly audio: AudioSpecs;
  /** Token of the session to continue. */
  readonly resume: string | undefined;
  readonly client: { readonly name?: string | undefined; readonly version?: string | undefined };
  readonly handlers: TransportHandlers;
  readonly clock: ClientClock;
}

export type TransportFactory = (context: TransportContext) => Transport | Promise<Transport>;

/** The subprotocols that carry a token; the first is the one a server answers with. */
export function bearerProtocols(token: string | undefined): string[] {
  return token === undefined ? [] : ["roomkit.v1", `roomkit.bearer.${token}`];
}

/** The headers that carry a token. */
export function bearerHeaders(token: string | undefined): Record<string, string> {
  return token === undefined ? {} : { authorization: `Bearer ${token}` };
}

/** The address of an endpoint of a mount. */
export function endpoint(context: Pick<TransportContext, "url" | "query">, path: string): URL {
  const url = new URL(context.url);
  url.pathname = `${context.url.pathname.replace(/\/+$/, "")}${path}`;
  for (const [name, value] of context.query) url.searchParams.set(name, value);
  return url;
}
