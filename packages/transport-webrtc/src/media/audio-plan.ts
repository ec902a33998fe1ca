import type { MediaDirection, RtpCodec, WebRTCOffer } from "@roomkit/core";
import { EVENT_DIGITS } from "./telephone-event.ts";

/** How the server's voice reaches the client. */
export type OutboundAudio = "opus" | "pcmu" | "datachannel";

/** What of an offered audio section is used. */
export interface AudioPlan {
  readonly direction: MediaDirection;
  /** The answer's codecs, in its order. */
  readonly codecs: readonly RtpCodec[];
  /** The caller's audio; absent when the client sends none. */
  readonly inbound?:
    | {
        readonly codec: "opus" | "pcmu";
        readonly payloadType: number;
        readonly red?: number | undefined;
        readonly telephoneEvent?: number | undefined;
      }
    | undefined;
  /** The track to the client; absent when audio goes over the data channel. */
  readonly outbound?:
    | {
        readonly codec: "opus" | "pcmu";
        readonly payloadType: number;
        /** Touch tones that may be sent as events; absent when the client listens for none. */
        readonly telephoneEvent?: OutboundEvents | undefined;
      }
    | undefined;
}

/** What a client takes of telephone events (RFC 4733). */
export interface OutboundEvents {
  readonly payloadType: number;
  /** Hz in which durations are counted. */
  readonly clockRate: number;
  /** The keys, of {@link EVENT_DIGITS}. */
  readonly digits: string;
}

export interface PlanOptions {
  readonly outboundAudio: OutboundAudio;
  /** Whether G.711 can be coded. */
  readonly pcmu: boolean;
  /** Hz the caller's Opus is decoded to: what of it is listened to. Default 48,000, all of it. */
  readonly inputSampleRate?: number | undefined;
}

/** What browsers spend on a voice by themselves when all of its band is wanted, bits per second; told that less is, they would spend less. */
const VOICE_BITRATE = 32_000;

/** What is asked of who sends Opus here (RFC 7587, 6.1). Of a band that is not listened to no bit shall be spent: those below it are worth more. */
function opusWanted(inputSampleRate: number): string {
  const wanted = "minptime=10;useinbandfec=1";
  return inputSampleRate >= 48_000
    ? wanted
    : `${wanted};maxplaybackrate=${inputSampleRate};maxaveragebitrate=${VOICE_BITRATE}`;
}

/** Decides what to answer; undefined when no codec is common. */
export function planAudio(
  audio: Omit<NonNullable<WebRTCOffer["audio"]>, "mid">,
  options: PlanOptions,
): AudioPlan | undefined {
  const { codecs, direction } = audio;
  const opus = codecs.find((c) => c.name === "opus" && c.clockRate === 48_000 && c.channels === 2);
  const pcmu = options.pcmu ? codecs.find((c) => c.name === "pcmu" && c.clockRate === 8_000) : undefined;
  const clientSends = direction === "sendrecv" || direction === "sendonly";
  const clientReceives = direction === "sendrecv" || direction === "recvonly";
  const main = opus ?? pcmu;
  if (!main) return undefined;
  const wanted = options.outboundAudio === "pcmu" ? (pcmu ?? opus) : (opus ?? pcmu);
  const sender = clientReceives && options.outboundAudio !== "datachannel" ? wanted : undefined;
  const red = opus && clientSends ? usableRed(codecs, opus) : undefined;
  const tones = codecs.filter((c) => c.name === "telephone-event");
  // Firefox and SIP gateways offer none at Opus' 48 kHz. What is told of a key is the same at any clock.
  const eventsFor = (voice: RtpCodec): RtpCodec | undefined =>
    tones.find((c) => c.clockRate === voice.clockRate) ?? tones[0];
  const heard = clientSends ? eventsFor(main) : undefined;
  const sent = sender && eventsFor(sender);
  const answered = [
    ...(red ? [red] : []),
    ...(opus ? [{ ...opus, parameters: opusWanted(options.inputSampleRate ?? 48_000) }] : []),
    ...(pcmu && (pcmu === main || pcmu === sender) ? [pcmu] : []),
    ...[...new Set([heard, sent])].flatMap((events) => (events ? [{ ...events, parameters: "0-15" }] : [])),
  ];
  return {
    direction: answerDirection(clientSends, sender !== undefined),
    codecs: answered,
    ...(clientSends
      ? {
          inbound: {
            codec: main === opus ? "opus" : "pcmu",
            payloadType: main.payloadType,
            red: red?.payloadType,
            telephoneEvent: heard?.payloadType,
          },
        }
      : {}),
    ...(sender
      ? {
          outbound: {
            codec: sender === pcmu ? "pcmu" : "opus",
            payloadType: sender.payloadType,
            telephoneEvent: sent && outboundEvents(sent),
          },
        }
      : {}),
  };
}

/**
 * Redundant audio (RFC 2198) is taken only from a client that puts it first: it doubles the bitrate, so it is the client's
 * to want.
 */
function usableRed(codecs: readonly RtpCodec[], opus: RtpCodec): RtpCodec | undefined {
  const first = codecs[0];
  if (first?.name !== "red" || first.clockRate !== 48_000) return undefined;
  const carried = (first.parameters ?? "").split("/");
  return carried.every((pt) => pt === String(opus.payloadType)) ? first : undefined;
}

/** The keys a client listens for: `a=fmtp:<type> 0-11,16` names events; without it they are 0 to 15 (RFC 4733, 2.4.1). */
function outboundEvents({ payloadType, clockRate, parameters = "0-15" }: RtpCodec): OutboundEvents | undefined {
  const ranges = parameters.split(",").map((range) => /^\s*(\d{1,3})(?:-(\d{1,3}))?\s*$/.exec(range));
  const takes = (event: number): boolean =>
    ranges.some((range) => range && event >= Number(range[1]) && event <= Number(range[2] ?? range[1]));
  const digits = [...EVENT_DIGITS].filter((_, event) => takes(event)).join("");
  return digits === "" ? undefined : { payloadType, clockRate, digits };
}

function answerDirection(receive: boolean, send: boolean): MediaDirection {
  if (receive) return send ? "sendrecv" : "recvonly";
  return send ? "sendonly" : "inactive";
}
