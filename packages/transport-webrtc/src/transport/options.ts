import type {
  AudioCodec,
  Bus,
  Clock,
  IdSource,
  Logger,
  OpusCodec,
  OpusSampleRate,
  Resolved,
  WebRTCEngine,
} from "@roomkit/core";
import { type ConnectionLimits, defaultTrafficLimits, type TrafficLimits } from "@roomkit/transport-utils";
import type { OutboundAudio } from "../media/audio-plan.ts";
import type { SignallingOptions } from "../signalling/options.ts";

/** Bounds on what one client may cost. Every value has a default; see {@link defaultLimits}. */
export interface WebRTCLimits extends ConnectionLimits, TrafficLimits {
  /** Candidates taken from one client, in its offer and after. Default 20. */
  readonly candidates?: number | undefined;
  /** Remote addresses tried or learned for one client. Default 32. */
  readonly remoteAddresses?: number | undefined;
  /** Data channels open at once. Default 4. */
  readonly dataChannels?: number | undefined;
  /** Largest data channel message in either direction, bytes. Default 65,536. */
  readonly maxMessageBytes?: number | undefined;
  /** Bytes waiting on the data channels before more is refused. Default 262,144. */
  readonly bufferedBytes?: number | undefined;
  /** RTP streams of one client. Default 4. */
  readonly streams?: number | undefined;
  /** From the offer to a working connection, ms. Default 15,000. */
  readonly connectTimeoutMs?: number | undefined;
  /** How long nothing at all may come from a client before it counts as gone, ms. Default 8,000: an idle browser checks the path every 5. */
  readonly idleTimeoutMs?: number | undefined;
  /** How long the application has to make a session for a connected client, ms. Default 30,000. */
  readonly factoryTimeoutMs?: number | undefined;
  /**
   * Offers are refused while the event loop of the thread that would take the call, or of this one, is busier than this: the calls it
   * has would suffer. `utilization`: which part of the time it does something, 0 to 1, default 0.9; `lagMs`: how long what arrives
   * waits for it on average, default 30.
   */
  readonly utilization?: number | undefined;
  readonly lagMs?: number | undefined;
}

export const defaultLimits: Resolved<WebRTCLimits> = {
  ...defaultTrafficLimits,
  // What the network held back may come at once: the caller's words during a stall are worth hearing.
  audioBurstMs: 5_000,
  candidates: 20,
  remoteAddresses: 32,
  dataChannels: 4,
  maxMessageBytes: 65_536,
  bufferedBytes: 262_144,
  streams: 4,
  connectTimeoutMs: 15_000,
  idleTimeoutMs: 8_000,
  factoryTimeoutMs: 30_000,
  maxSessionMs: 0,
  resumeMs: 30_000,
  maxSuspended: 100,
  utilization: 0.9,
  lagMs: 30,
  audioQueueMaxSize: 1_000,
  audioQueueMaxMs: 20_000,
};

/** Threads for media. */
export interface MediaWorkersOptions {
  /** Threads at most; they start as calls come. Default: the cores this process may use, less one, at least 1. */
  readonly count?: number | undefined;
  /** Calls on one thread at most. Default 25. */
  readonly calls?: number | undefined;
}

export interface WebRTCTransportOptions {
  /**
   * Does ICE, DTLS, SRTP and SCTP, on addresses and ports of its own settings: `werift()` of `@roomkit/webrtc-engine-werift` or
   * `nodeDataChannel()` of `@roomkit/webrtc-engine-node-datachannel`. The transport closes it.
   */
  readonly engine: WebRTCEngine;
  /** Codes Opus: `opus()` of `@roomkit/codec-opus`. */
  readonly opus: OpusCodec;
  /** Codes G.711 mu-law: `mulaw()` of `@roomkit/codec-mulaw`. Needed for `outboundAudio` `pcmu` and `datachannel`. */
  readonly mulaw?: AudioCodec | undefined;
  /** Hz of the caller's audio: 8000, 12000, 16000, 24000 or 48000; Opus decodes straight to it. Default 16,000. */
  readonly inputSampleRate?: OpusSampleRate | undefined;
  /** Hz of the audio played to the caller; an Opus rate, or any with `datachannel`. A PCMU track is 8,000 whatever this says. Default 24,000. */
  readonly outputSampleRate?: number | undefined;
  /**
   * `opus`, `pcmu`: an RTP track, which the browser's jitter buffer, loss concealment and echo canceller know. `datachannel`:
   * the seed's mu-law in JSON. Default `opus`.
   */
  readonly outboundAudio?: OutboundAudio | undefined;
  /** Do the media of calls (the engine and the coders) on threads of their own. Default: on this thread. */
  readonly workers?: MediaWorkersOptions | undefined;
  /** Loopback candidates, and listening on loopback. Default: for clients whose HTTP request came from this machine. */
  readonly allowLoopback?: boolean | undefined;
  /** Candidates in private networks. Default: for clients whose HTTP request came from one. */
  readonly allowPrivate?: boolean | undefined;
  /** How much audio may be with the client unplayed, ms. Default 40 on a track, 200 on the data channel. */
  readonly leadMs?: number | undefined;
  /** Give `onPlayed` silence too where nothing plays, as an echo canceller needs it. Default false. */
  readonly playedSilence?: boolean | undefined;
  readonly limits?: WebRTCLimits | undefined;
  /**
   * How `transport.fetch` serves; a mount has options of its own. Without `auth` and `allowAnonymous` it serves only behind
   * another mount that has checked who asks.
   */
  readonly signalling?: SignallingOptions | undefined;
  /**
   * What the processes behind one balancer share: candidates, and clients who come back, find their call in whichever of them it
   * lives. Without it a call's requests must all come to its process. It stays open.
   */
  readonly bus?: Bus | undefined;
  readonly clock?: Clock | undefined;
  readonly logger?: Logger | undefined;
  readonly ids?: IdSource | undefined;
}
