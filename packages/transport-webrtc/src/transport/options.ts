import type { AudioCodec, Clock, IdSource, Logger, OpusCodec, OpusSampleRate, WebRTCEngine } from "@roomkit/core";
import { RoomKitError } from "@roomkit/core";
import type { TrafficLimits } from "@roomkit/transport-utils";
import type { IceOptions } from "../engine/werift-engine.ts";
import type { OutboundAudio } from "../media/audio-plan.ts";
import type { SignallingOptions } from "../signalling/options.ts";

/** Bounds on what one client may cost. Every value has a default; see {@link defaultLimits}. */
export interface WebRTCLimits extends TrafficLimits {
  /** Candidates taken from one client, in its offer and after. Default 20. */
  readonly candidates?: number;
  /** Remote addresses tried or learned for one client. Default 32. */
  readonly remoteAddresses?: number;
  /** Data channels open at once. Default 4. */
  readonly dataChannels?: number;
  /** Largest data channel message in either direction, bytes. Default 65,536. */
  readonly messageBytes?: number;
  /** Bytes waiting on the data channels before more is refused. Default 262,144. */
  readonly bufferedBytes?: number;
  /** RTP streams of one client. Default 4. */
  readonly streams?: number;
  /** From the offer to a working connection, ms. Default 15,000. */
  readonly connectMs?: number;
  /** How long nothing at all may come from a client before it counts as gone, ms. Default 8,000: an idle browser checks the path every 5. */
  readonly lostMs?: number;
  /** How long the application has to make a session for a connected client, ms. Default 30,000. */
  readonly acceptMs?: number;
  /** How long after losing its client a v1 session can be resumed, ms. Default 30,000; 0: not at all. */
  readonly resumeMs?: number;
  /** Longest session, ms. Default: none. */
  readonly sessionMs?: number;
  /**
   * Offers are refused while the event loop of the thread that would take the call, or of this one, is busier than this: the calls it
   * has would suffer. `utilization`: which part of the time it does something, 0 to 1, default 0.9; `lagMs`: how long what arrives
   * waits for it on average, default 30.
   */
  readonly utilization?: number;
  readonly lagMs?: number;
  /** Outbound audio queued, in frames of 20 ms and in ms. Default 1,000 and 20,000. */
  readonly queuedFrames?: number;
  readonly queuedMs?: number;
}

export const defaultLimits: Required<Omit<WebRTCLimits, Exclude<keyof TrafficLimits, "audioBurstMs"> | "sessionMs">> = {
  // What the network held back may come at once: the caller's words during a stall are worth hearing.
  audioBurstMs: 5_000,
  candidates: 20,
  remoteAddresses: 32,
  dataChannels: 4,
  messageBytes: 65_536,
  bufferedBytes: 262_144,
  streams: 4,
  connectMs: 15_000,
  lostMs: 8_000,
  acceptMs: 30_000,
  resumeMs: 30_000,
  utilization: 0.9,
  lagMs: 30,
  queuedFrames: 1_000,
  queuedMs: 20_000,
};

/** Threads for media. */
export interface MediaWorkersOptions {
  /** Threads at most; they start as calls come. Default: the cores this process may use, less one, at least 1. */
  readonly count?: number;
  /** Calls on one thread at most. Default 25. */
  readonly calls?: number;
}

export interface WebRTCTransportOptions {
  /** Codes Opus: `opus()` of `@roomkit/codec-opus`. */
  readonly opus: OpusCodec;
  /** Codes G.711 mu-law: `mulaw()` of `@roomkit/codec-mulaw`. Needed for `outboundAudio` `pcmu` and `datachannel`. */
  readonly mulaw?: AudioCodec;
  /** Hz of the caller's audio: 8000, 12000, 16000, 24000 or 48000; Opus decodes straight to it. Default 16,000. */
  readonly inputSampleRate?: OpusSampleRate;
  /** Hz of the audio played to the caller; an Opus rate, or any with `datachannel`. A PCMU track is 8,000 whatever this says. Default 24,000. */
  readonly outputSampleRate?: number;
  /**
   * `opus`, `pcmu`: an RTP track, which the browser's jitter buffer, loss concealment and echo canceller know. `datachannel`:
   * the seed's mu-law in JSON. Default `opus`.
   */
  readonly outboundAudio?: OutboundAudio;
  /** Default: werift, set up by `ice`. */
  readonly engine?: WebRTCEngine;
  /** Addresses and ports of the default engine. */
  readonly ice?: IceOptions;
  /** Do the media of calls (the engine and the coders) on threads of their own. Default: on this thread. */
  readonly workers?: MediaWorkersOptions;
  /** Loopback candidates, and listening on loopback. Default: for clients whose HTTP request came from this machine. */
  readonly allowLoopback?: boolean;
  /** Candidates in private networks. Default: for clients whose HTTP request came from one. */
  readonly allowPrivate?: boolean;
  /** How much audio may be with the client unplayed, ms. Default 40 on a track, 200 on the data channel. */
  readonly leadMs?: number;
  readonly limits?: WebRTCLimits;
  /**
   * How `transport.fetch` serves; a mount has options of its own. Without `auth` and `allowAnonymous` it serves only behind
   * another mount that has checked who asks.
   */
  readonly signalling?: SignallingOptions;
  readonly clock?: Clock;
  readonly logger?: Logger;
  readonly ids?: IdSource;
}

const OPUS_RATES: readonly number[] = [8_000, 12_000, 16_000, 24_000, 48_000];

/** @throws RoomKitError `invalid_option` */
export function checkTransportOptions(options: WebRTCTransportOptions): void {
  const { inputSampleRate = 16_000, outputSampleRate = 24_000, outboundAudio = "opus", mulaw } = options;
  const invalid = (message: string): never => {
    throw new RoomKitError("invalid_option", message);
  };
  if (!options.opus) invalid("opus is needed: opus() of @roomkit/codec-opus");
  if (!["opus", "pcmu", "datachannel"].includes(outboundAudio)) invalid("outboundAudio is opus, pcmu or datachannel");
  if (!OPUS_RATES.includes(inputSampleRate))
    invalid("inputSampleRate is a rate Opus has: 8000, 12000, 16000, 24000 or 48000");
  if (outboundAudio !== "datachannel" && !OPUS_RATES.includes(outputSampleRate)) {
    invalid("outputSampleRate is a rate Opus has: 8000, 12000, 16000, 24000 or 48000");
  }
  if (!(Number.isInteger(outputSampleRate) && outputSampleRate >= 8_000 && outputSampleRate <= 48_000)) {
    invalid("outputSampleRate is 8000 to 48000");
  }
  if (outboundAudio !== "opus" && !mulaw)
    invalid(`outboundAudio ${outboundAudio} needs mulaw: mulaw() of @roomkit/codec-mulaw`);
  if (options.engine && options.ice) invalid("ice sets up the default engine; a given engine has settings of its own");
  for (const [name, value] of Object.entries(options.workers ?? {})) {
    if (value !== undefined && !(Number.isInteger(value) && value >= 1))
      invalid(`workers.${name} is a whole number from 1`);
  }
  for (const [name, value] of Object.entries(options.limits ?? {})) {
    if (value !== undefined && !(Number.isFinite(value) && (value > 0 || (name === "resumeMs" && value === 0))))
      invalid(`limits.${name} is a positive number`);
  }
}
