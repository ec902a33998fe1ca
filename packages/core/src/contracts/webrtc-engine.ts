import type { Unsubscribe } from "../events/emitter.ts";
import type { Recipe } from "./recipe.ts";
import type { ReceptionReport } from "./rtcp.ts";
import type { CloseReason } from "./voice.ts";

/** One codec of an audio section: an `a=rtpmap` line and its `a=fmtp`. */
export interface RtpCodec {
  /** 0 to 127. */
  readonly payloadType: number;
  /** Lower case: `opus`, `pcmu`, `red`, `telephone-event`. */
  readonly name: string;
  /** Hz of its RTP clock. */
  readonly clockRate: number;
  readonly channels: number;
  /** The `a=fmtp` text; absent: none. */
  readonly parameters?: string | undefined;
}

export type MediaDirection = "sendrecv" | "sendonly" | "recvonly" | "inactive";

/** A remote transport address that passed the candidate policy: an IP literal, UDP. */
export interface RemoteCandidate {
  readonly foundation: string;
  readonly component: number;
  readonly priority: number;
  readonly address: string;
  readonly port: number;
  readonly type: "host" | "srflx" | "prflx" | "relay";
}

/** A client's offer, taken apart and checked; nothing in it is the client's raw text but `sdp`, which was written anew from the rest. */
export interface WebRTCOffer {
  /** The sections that are used as text, rewritten from the fields below, without candidates. */
  readonly sdp: string;
  /** The kinds of the sections that are used, in order; every one is bundled on one transport. What else a client offered is not here. */
  readonly media: readonly ("audio" | "data")[];
  readonly audio?:
    | { readonly mid: string; readonly direction: MediaDirection; readonly codecs: readonly RtpCodec[] }
    | undefined;
  readonly data?: { readonly mid: string; readonly sctpPort: number; readonly maxMessageSize: number } | undefined;
  readonly ice: { readonly usernameFragment: string; readonly password: string; readonly lite: boolean };
  /** At least one of sha-256, sha-384, sha-512; upper-case hexadecimal with colons. */
  readonly fingerprints: readonly { readonly algorithm: string; readonly value: string }[];
  readonly setup: "actpass" | "active" | "passive";
  readonly candidates: readonly RemoteCandidate[];
}

/** What the transport decided to answer. */
export interface WebRTCAcceptOptions {
  /** The answered audio section; absent when none is used. Codecs in the answer's order, all of them from the offer. */
  readonly audio?:
    | {
        readonly direction: MediaDirection;
        readonly codecs: readonly RtpCodec[];
        /** The stream the server sends; what {@link WebRTCPeer.sendRtp} packets carry. */
        readonly ssrc: number;
      }
    | undefined;
  /** Also answer with loopback addresses: the client runs on this machine. */
  readonly loopback: boolean;
  readonly limits: WebRTCPeerLimits;
  readonly signal?: AbortSignal | undefined;
}

/** What one client may make the engine hold. */
export interface WebRTCPeerLimits {
  /** Data channels open at once. */
  readonly dataChannels: number;
  /** Largest message in either direction, bytes. */
  readonly messageBytes: number;
  /** Most bytes queued on the data channels before {@link WebRTCDataChannel.send} refuses. */
  readonly bufferedBytes: number;
  /** Remote addresses tried or learned. */
  readonly remoteAddresses: number;
  /** RTP streams (SSRC) that may send at once; one that has been silent for 2 s makes room for another. */
  readonly streams: number;
}

/** Counters of a connection; all since its start. */
export interface WebRTCPeerStats {
  /** Datagrams that came from the client itself: authenticated STUN, DTLS, SRTP. Grows while the client is alive, even when it is muted. */
  readonly received: number;
  readonly rtpReceived: number;
  readonly rtpSent: number;
  /** Dropped datagrams by reason (`stun_unauthenticated`, `off_path`, `alert_plaintext`, ...). */
  readonly dropped: Readonly<Record<string, number>>;
  /** Remote addresses known. */
  readonly remoteAddresses: number;
}

/** One data channel, opened by the client. */
export interface WebRTCDataChannel {
  readonly id: number;
  /** As the client named it, at most 256 characters. */
  readonly label: string;
  readonly closed: boolean;
  /** Bytes accepted and not yet acknowledged by the network layer. */
  readonly bufferedAmount: number;
  /** False when it did not fit the buffer or the channel is closed: nothing was sent. Never throws. */
  send(message: string | Uint8Array): boolean;
  onMessage(listener: (message: string | Uint8Array) => void): Unsubscribe;
  onClose(listener: () => void): Unsubscribe;
  close(): void;
}

/** One client's peer connection at the level of RTP packets and data-channel messages. Nothing here throws because of what the client did. */
export interface WebRTCPeer {
  /** The SDP answer to {@link WebRTCOffer.sdp}, with all of the server's candidates; the transport completes it by what the client wrote. */
  readonly answer: string;
  readonly state: "connecting" | "connected" | "closed";
  readonly stats: WebRTCPeerStats;
  addCandidate(candidate: RemoteCandidate): void;
  /** Sends one whole RTP packet (12-byte header, no extension); false unless connected. */
  sendRtp(packet: Uint8Array): boolean;
  /** Gives each RTP packet, decrypted and authenticated, in the order of arrival. The buffer is the listener's to keep. */
  onRtp(listener: (packet: Uint8Array) => void): Unsubscribe;
  /** Gives each report of the client on the stream that the server sends, authenticated. Absent: the engine hears of none. */
  onReport?(listener: (report: ReceptionReport) => void): Unsubscribe;
  onDataChannel(listener: (channel: WebRTCDataChannel) => void): Unsubscribe;
  /** ICE and DTLS are up. At once when they already are. */
  onConnected(listener: () => void): Unsubscribe;
  /** Once, whichever side ended it; at once when already ended. */
  onClosed(listener: (reason: CloseReason) => void): Unsubscribe;
  /** Ends it; sockets and timers are gone when it resolves. Idempotent. */
  close(reason?: CloseReason): Promise<void>;
}

/** A WebRTC implementation. */
export interface WebRTCEngine {
  readonly name: string;
  /**
   * Answers an offer. The peer listens for its client at once; ICE and DTLS go on in the background, with no time limit of
   * their own: the transport closes what does not connect.
   *
   * @throws RoomKitError `no_free_port` (retryable), `invalid_sdp`, `closed`, `aborted`.
   */
  accept(offer: WebRTCOffer, options: WebRTCAcceptOptions): Promise<WebRTCPeer>;
  /**
   * How media worker `index` (from 0) makes an engine like this one, on ports that the other workers do not take. Absent: it can be
   * used on this thread alone. The function is given a `logger` besides the options.
   */
  recipe?(index: number): Recipe;
  /** Makes what the first connection needs ahead of it; optional to call, safe to call twice. `signal` calls it off. */
  warmUp?(signal?: AbortSignal): Promise<void>;
  /**
   * Closes every peer and every socket; an offer that is being accepted is refused with `closed`, and so is every later one. Idempotent:
   * again, or twice at once, it resolves when all are gone.
   */
  close(): Promise<void>;
}
