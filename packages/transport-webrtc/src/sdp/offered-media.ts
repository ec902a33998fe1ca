import type { MediaDirection, RtpCodec, WebRTCOffer } from "@roomkit/core";
import { invalidSdp, type SdpSection } from "./lines.ts";
import { attribute, hasOwnTransport, type OfferedSection } from "./sections.ts";

export type OfferedAudio = Omit<NonNullable<WebRTCOffer["audio"]>, "mid">;
export type OfferedData = Omit<NonNullable<WebRTCOffer["data"]>, "mid">;
/** Why a section is answered with port 0. */
export interface Unusable {
  readonly unusable: string;
}

// RFC 8829, 5.1.2: all of these mean DTLS-SRTP when there is a fingerprint. `TCP/TLS` is what older drafts called `TCP/DTLS`.
const AUDIO_PROTOCOL = /^(?:RTP\/S?AVPF?|UDP\/TLS\/RTP\/SAVPF?|TCP\/D?TLS\/RTP\/SAVPF?)$/i;
const DATA_PROTOCOL = /^(?:(?:UDP|TCP)\/)?DTLS\/SCTP$/i;
const CHANNEL = "webrtc-datachannel";
const DIRECTIONS: readonly MediaDirection[] = ["sendrecv", "sendonly", "recvonly", "inactive"];
const MAX_CODECS = 40;

/** @throws RoomKitError `invalid_sdp` when it is not SDP; one that is and cannot be used is `unusable`. */
export function readAudio(section: OfferedSection, session: SdpSection): OfferedAudio | Unusable {
  const { protocol, formats } = section;
  if (!AUDIO_PROTOCOL.test(protocol)) return { unusable: "audio must be UDP/TLS/RTP/SAVPF" };
  // What is bundled is multiplexed; sections without a transport of their own need not say so (RFC 8843, 7.1.3 and 9.3).
  if (hasOwnTransport(section) && !section.attributes.has("rtcp-mux"))
    return { unusable: "audio without rtcp-mux is not taken" };
  if (formats.length > MAX_CODECS) throw invalidSdp(`audio offers between 1 and ${MAX_CODECS} codecs`);
  const maps = byPayloadType(section, "rtpmap");
  const parameters = byPayloadType(section, "fmtp");
  const codecs: RtpCodec[] = [];
  const seen = new Set<number>();
  for (const format of formats) {
    const payloadType = Number(format);
    if (!/^\d{1,3}$/.test(format) || payloadType > 127 || seen.has(payloadType))
      throw invalidSdp("a payload type of the offer is not valid");
    seen.add(payloadType);
    const codec = readRtpmap(payloadType, maps.get(payloadType));
    if (!codec) continue;
    const fmtp = parameters.get(payloadType);
    codecs.push(fmtp === undefined ? codec : { ...codec, parameters: fmtp });
  }
  const own = (place: SdpSection): MediaDirection | undefined => DIRECTIONS.find((d) => place.attributes.has(d));
  return { direction: own(section) ?? own(session) ?? "sendrecv", codecs };
}

function byPayloadType(section: SdpSection, name: string): Map<number, string> {
  const out = new Map<number, string>();
  for (const line of section.attributes.get(name) ?? []) {
    const match = /^(\d{1,3}) +(.{1,256})$/.exec(line);
    if (match) out.set(Number(match[1]), match[2] as string);
  }
  return out;
}

/** RFC 3551 gives these their meaning without an rtpmap. */
const STATIC: ReadonlyMap<number, string> = new Map([
  [0, "pcmu"],
  [8, "pcma"],
  [13, "cn"],
]);

function readRtpmap(payloadType: number, line: string | undefined): RtpCodec | undefined {
  if (line === undefined) {
    const name = STATIC.get(payloadType);
    return name === undefined ? undefined : { payloadType, name, clockRate: 8_000, channels: 1 };
  }
  const match = /^([A-Za-z0-9-]{1,32})\/(\d{4,6})(?:\/(\d))?$/.exec(line);
  if (!match) return undefined;
  const [, name, rate, channels] = match;
  return {
    payloadType,
    name: (name as string).toLowerCase(),
    clockRate: Number(rate),
    channels: channels === undefined ? 1 : Number(channels),
  };
}

/**
 * Reads a data channel section, as RFC 8841 writes it (`UDP/DTLS/SCTP webrtc-datachannel`, `a=sctp-port`) or as its drafts did
 * (`DTLS/SCTP 5000`, `a=sctpmap:5000 webrtc-datachannel`).
 */
export function readData(section: OfferedSection): OfferedData | Unusable {
  const [format = ""] = section.formats;
  if (!DATA_PROTOCOL.test(section.protocol)) return { unusable: `data must be UDP/DTLS/SCTP ${CHANNEL}` };
  const draft = isDraftFormat(format);
  const map = section.attributes.get("sctpmap")?.find((line) => line.split(/ +/)[0] === format);
  const application = draft ? (map?.split(/ +/)[1] ?? CHANNEL) : format;
  if (application.toLowerCase() !== CHANNEL) return { unusable: `data must be UDP/DTLS/SCTP ${CHANNEL}` };
  // Port 0 closes the association (RFC 8841, 5.1).
  const port = draft ? format : (attribute(section, "sctp-port") ?? "5000");
  const sctpPort = /^\d{1,5}$/.test(port) ? Number(port) : 0;
  if (sctpPort < 1 || sctpPort > 65_535) return { unusable: "a=sctp-port is not valid" };
  // RFC 8841, 6.1: absent means 64 KiB, 0 means any size.
  const size = attribute(section, "max-message-size") ?? "65536";
  if (!/^\d{1,15}$/.test(size)) return { unusable: "a=max-message-size is not valid" };
  return { sctpPort, maxMessageSize: Number(size) === 0 ? Number.MAX_SAFE_INTEGER : Number(size) };
}

/** A port where RFC 8841 has the application's name. */
export function isDraftFormat(format: string): boolean {
  return /^\d+$/.test(format);
}
