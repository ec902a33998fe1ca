import {
  type AudioCodec,
  type Clock,
  consoleLogger,
  type IdSource,
  type Logger,
  type OptionRanges,
  type OpusCodec,
  type OpusSampleRate,
  optionsWithin,
  type Resolved,
  RoomKitError,
  randomId,
  systemClock,
} from "@roomkit/core";
import { connectionRanges, trafficRanges } from "@roomkit/transport-utils";
import type { OutboundAudio } from "../media/audio-plan.ts";
import { defaultLimits, type WebRTCLimits, type WebRTCTransportOptions } from "./options.ts";

/** The options with every default filled in. */
export interface TransportSettings {
  readonly opus: OpusCodec;
  readonly mulaw: AudioCodec | undefined;
  readonly inputSampleRate: OpusSampleRate;
  readonly outputSampleRate: number;
  readonly outboundAudio: OutboundAudio;
  /** Undefined: by where the client's HTTP request came from. */
  readonly allowLoopback: boolean | undefined;
  readonly allowPrivate: boolean | undefined;
  /** Undefined: by what takes the audio. */
  readonly leadMs: number | undefined;
  readonly playedSilence: boolean;
  readonly limits: Resolved<WebRTCLimits>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly ids: IdSource;
}

const OPUS_RATES: readonly number[] = [8_000, 12_000, 16_000, 24_000, 48_000];

const RATES = { inputSampleRate: [8_000, 48_000], outputSampleRate: [8_000, 48_000] } as const;

const ranges: OptionRanges<WebRTCLimits> = {
  ...connectionRanges,
  ...trafficRanges,
  candidates: [1, 1_000],
  remoteAddresses: [1, 1_000],
  dataChannels: [1, 1_000],
  maxMessageBytes: [1, 16_777_216],
  bufferedBytes: [1, 268_435_456],
  streams: [1, 1_000],
  utilization: [0.01, 1],
  lagMs: [1, 3_600_000],
};

/** @throws RoomKitError `invalid_option` */
export function transportSettings(options: WebRTCTransportOptions): TransportSettings {
  const { opus, mulaw, outboundAudio = "opus", leadMs, limits = {} } = options;
  const invalid = (message: string): never => {
    throw new RoomKitError("invalid_option", message);
  };
  if (typeof options.engine?.accept !== "function") {
    invalid(
      "engine is needed: werift() of @roomkit/webrtc-engine-werift or nodeDataChannel() of @roomkit/webrtc-engine-node-datachannel",
    );
  }
  if (!opus) invalid("opus is needed: opus() of @roomkit/codec-opus");
  const { inputSampleRate, outputSampleRate } = optionsWithin<Rates>(
    { inputSampleRate: options.inputSampleRate, outputSampleRate: options.outputSampleRate },
    { inputSampleRate: 16_000, outputSampleRate: 24_000 },
    RATES,
  );
  if (!OPUS_RATES.includes(inputSampleRate))
    invalid("inputSampleRate is a rate Opus has: 8000, 12000, 16000, 24000 or 48000");
  if (outboundAudio !== "datachannel" && !OPUS_RATES.includes(outputSampleRate)) {
    invalid("outputSampleRate is a rate Opus has: 8000, 12000, 16000, 24000 or 48000");
  }
  if (!Number.isInteger(outputSampleRate)) invalid("outputSampleRate is a whole number of Hz");
  if (outboundAudio !== "opus" && !mulaw)
    invalid(`outboundAudio ${outboundAudio} needs mulaw: mulaw() of @roomkit/codec-mulaw`);
  if (leadMs !== undefined) optionsWithin({ leadMs }, { leadMs: 0 }, { leadMs: [0, 5_000] });
  for (const [name, value] of Object.entries(options.workers ?? {})) {
    if (value !== undefined && !(Number.isInteger(value) && value >= 1))
      invalid(`workers.${name} is a whole number from 1`);
  }
  return {
    opus,
    mulaw,
    inputSampleRate,
    outputSampleRate,
    outboundAudio,
    allowLoopback: options.allowLoopback,
    allowPrivate: options.allowPrivate,
    leadMs,
    playedSilence: options.playedSilence ?? false,
    limits: optionsWithin<WebRTCLimits>(limits, defaultLimits, ranges),
    clock: options.clock ?? systemClock,
    logger: options.logger ?? consoleLogger,
    ids: options.ids ?? randomId,
  };
}

interface Rates {
  readonly inputSampleRate: OpusSampleRate;
  readonly outputSampleRate: number;
}
