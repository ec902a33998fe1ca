import type {
  AudioFormat,
  AudioFrame,
  CloseReason,
  OpusSampleRate,
  RemoteCandidate,
  Unsubscribe,
  WebRTCDataChannel,
  WebRTCOffer,
  WebRTCPeerLimits,
  WebRTCPeerStats,
} from "@roomkit/core";
import type { DtmfFrame, TrackPlace, TrafficLimits } from "@roomkit/transport-utils";
import type { AudioPlan } from "../media/audio-plan.ts";
import type { ReceiverStats } from "../media/audio-receiver.ts";
import type { LoopLoad } from "./load-meter.ts";

/** What the media of a call needs to begin. Plain data: it can be sent to another thread as it is. */
export interface MediaRequest {
  readonly offer: WebRTCOffer;
  /** Absent when no audio was offered. */
  readonly plan?: AudioPlan | undefined;
  readonly inputSampleRate: OpusSampleRate;
  readonly outputSampleRate: number;
  /** Also answer with loopback addresses. */
  readonly loopback: boolean;
  readonly limits: WebRTCPeerLimits;
  /** How fast the client's track may send. */
  readonly traffic: TrafficLimits;
}

/** Counters of a call's media, all since its start. */
export interface MediaStats {
  readonly peer: WebRTCPeerStats;
  /** The caller's track; undefined when there is none. */
  readonly audio: ReceiverStats | undefined;
  /** What of the caller's media was dropped, by reason. */
  readonly mediaDropped: Readonly<Record<string, number>>;
}

/** A call's media: its peer, the jitter buffer and the coders, with linear PCM on this side. Nothing here throws because of what the client did. */
export interface MediaCall {
  /** The SDP answer, with all of the server's candidates. */
  readonly answer: string;
  readonly state: "connecting" | "connected" | "closed";
  /** The caller's audio. */
  readonly inbound: AudioFormat;
  /** What {@link send} takes, or the data channel when there is no track to the client. */
  readonly outbound: AudioFormat;
  /** The client sends a track. */
  readonly receives: boolean;
  /** A track goes to the client. */
  readonly sends: boolean;
  readonly stats: MediaStats;
  addCandidate(candidate: RemoteCandidate): void;
  /** The keys whose presses {@link sendDtmf} can tell of. */
  readonly dtmfEvents: string;
  /** Sends 20 ms on the track. False when it cannot be taken now; it may be offered again. */
  send(samples: Int16Array): boolean;
  /** Sends 20 ms of a key that is held, as an event in the place of audio. False as of {@link send}. */
  sendDtmf(frame: DtmfFrame): boolean;
  /** Which RTP timestamp a frame of {@link send} or {@link sendDtmf} got: of the first, and of those that do not follow the one before. */
  onPlaced(listener: (place: TrackPlace) => void): Unsubscribe;
  /** The caller's track as one unbroken line. The samples are the listener's to keep. */
  onAudio(listener: (frame: AudioFrame) => void): Unsubscribe;
  /** Touch tones of the caller's track. */
  onDigit(listener: (digit: string) => void): Unsubscribe;
  /** Audio came faster than allowed: `warn` the client, or `close` it. */
  onExcess(listener: (verdict: "warn" | "close") => void): Unsubscribe;
  onDataChannel(listener: (channel: WebRTCDataChannel) => void): Unsubscribe;
  /** ICE and DTLS are up. At once when they already are. */
  onConnected(listener: () => void): Unsubscribe;
  /** Once, whichever side ended it; at once when already ended. */
  onClosed(listener: (reason: CloseReason) => void): Unsubscribe;
  /** Ends it; everything of it is gone when it resolves. Idempotent. */
  close(reason?: CloseReason): Promise<void>;
}

/** How busy a thread that does media is. */
export interface MediaLoad extends LoopLoad {
  /** Calls it has. */
  readonly calls: number;
}

/** Where the media of calls is done: on this thread, or on workers. */
export interface MediaHost {
  /** One entry for each thread that runs. */
  readonly load: readonly MediaLoad[];
  /**
   * Answers an offer.
   *
   * @throws RoomKitError `server_busy` (retryable: no thread takes another call), `no_free_port` (retryable), `invalid_sdp`,
   * `closed`, `aborted`, or of a codec.
   */
  accept(request: MediaRequest, signal?: AbortSignal): Promise<MediaCall>;
  /** Makes what the first call needs ahead of it. Safe to call twice. */
  warmUp(signal?: AbortSignal): Promise<void>;
  /** Ends every call. */
  close(): Promise<void>;
}
