import type { MediaDirection, RemoteCandidate, RtpCodec, WebRTCOffer } from "@roomkit/core";
import { parseCandidate } from "./candidate.ts";
import { invalidSdp, type SdpSection, type SdpText, splitSdp } from "./lines.ts";
import { writeOffer } from "./write-offer.ts";

const TOKEN = /^[\x21\x23-\x27\x2a\x2b\x2d\x2e\x30-\x39\x41-\x5a\x5e-\x7e]{1,64}$/;
// RFC 8445, 5.3: at least 4 and 22 characters; capped at what browsers send.
const UFRAG = /^[A-Za-z0-9+/]{4,256}$/;
const PASSWORD = /^[A-Za-z0-9+/]{22,256}$/;
const HASHES: ReadonlyMap<string, number> = new Map([
  ["sha-256", 32],
  ["sha-384", 48],
  ["sha-512", 64],
]);
const DIRECTIONS: readonly MediaDirection[] = ["sendrecv", "sendonly", "recvonly", "inactive"];
const MAX_CODECS = 40;

/** What of an offer's candidates is used: the rest is dropped without a word, as ICE does. */
export type CandidateFilter = (candidate: RemoteCandidate) => boolean;

/**
 * Takes an offer apart, checks it and writes it anew (RFC 8829, 5.10; RFC 8843 bundling). No part of the client's text goes on
 * to an engine unread.
 *
 * @throws RoomKitError `invalid_sdp` or `sdp_too_large`, with a reason fit for the client.
 */
export function parseOffer(text: string, accept: CandidateFilter, maxCandidates: number): WebRTCOffer {
  const sdp = splitSdp(text);
  if (sdp.sections.length === 0) throw invalidSdp("the offer has no media section");
  const mids: string[] = [];
  const media: ("audio" | "data")[] = [];
  let audio: WebRTCOffer["audio"];
  let data: WebRTCOffer["data"];
  for (const section of sdp.sections) {
    const [kind, port, protocol, ...formats] = (section.media as string).split(" ");
    const mid = one(section, "mid");
    if (mid === undefined || !TOKEN.test(mid) || mids.includes(mid))
      throw invalidSdp("every media section needs a mid of its own");
    if (port === "0") throw invalidSdp("a media section of the offer is rejected already");
    mids.push(mid);
    if (kind === "audio" && !audio) {
      audio = { mid, ...parseAudio(section, protocol, formats) };
      media.push("audio");
    } else if (kind === "application" && !data) {
      data = { mid, ...parseData(section, protocol, formats) };
      media.push("data");
    } else {
      throw invalidSdp("only one audio section and one data channel section are taken");
    }
  }
  checkBundle(sdp, mids);
  const ice = parseIce(sdp);
  const fingerprints = parseFingerprints(sdp);
  const setup = shared(sdp, "setup");
  if (setup !== "actpass" && setup !== "active" && setup !== "passive")
    throw invalidSdp("a=setup must be actpass, active or passive");
  const candidates = parseCandidates(sdp, accept, maxCandidates);
  const facts = {
    media,
    ...(audio ? { audio } : {}),
    ...(data ? { data } : {}),
    ice,
    fingerprints,
    setup,
    candidates,
  } satisfies Omit<WebRTCOffer, "sdp">;
  return { ...facts, sdp: writeOffer(facts) };
}

function one(section: SdpSection, name: string): string | undefined {
  return section.attributes.get(name)?.[0];
}

/** An attribute that all bundled sections share: from the first section that has it, else from the session part. */
function shared(sdp: SdpText, name: string): string | undefined {
  for (const section of sdp.sections) {
    const value = one(section, name);
    if (value !== undefined) return value;
  }
  return one(sdp.session, name);
}

function parseAudio(
  section: SdpSection,
  protocol: string | undefined,
  formats: readonly string[],
): { direction: MediaDirection; codecs: readonly RtpCodec[] } {
  if (protocol !== "UDP/TLS/RTP/SAVPF" && protocol !== "RTP/SAVPF") throw invalidSdp("audio must be UDP/TLS/RTP/SAVPF");
  if (!section.attributes.has("rtcp-mux")) throw invalidSdp("audio without rtcp-mux is not taken");
  if (formats.length === 0 || formats.length > MAX_CODECS)
    throw invalidSdp(`audio offers between 1 and ${MAX_CODECS} codecs`);
  const maps = byPayloadType(section, "rtpmap");
  const parameters = byPayloadType(section, "fmtp");
  const codecs: RtpCodec[] = [];
  const seen = new Set<number>();
  for (const format of formats) {
    const payloadType = Number(format);
    if (!/^\d{1,3}$/.test(format) || payloadType > 127 || seen.has(payloadType))
      throw invalidSdp("a payload type of the offer is not valid");
    seen.add(payloadType);
    const codec = parseRtpmap(payloadType, maps.get(payloadType));
    if (!codec) continue;
    const fmtp = parameters.get(payloadType);
    codecs.push(fmtp === undefined ? codec : { ...codec, parameters: fmtp });
  }
  const direction = DIRECTIONS.find((d) => section.attributes.has(d)) ?? "sendrecv";
  return { direction, codecs };
}

function byPayloadType(section: SdpSection, name: string): Map<number, string> {
  const out = new Map<number, string>();
  for (const line of section.attributes.get(name) ?? []) {
    const match = /^(\d{1,3}) (.{1,256})$/.exec(line);
    if (match) out.set(Number(match[1]), match[2] as string);
  }
  return out;
}

function parseRtpmap(payloadType: number, line: string | undefined): RtpCodec | undefined {
  // RFC 3551 gives these two their meaning without an rtpmap.
  if (line === undefined) {
    if (payloadType === 0) return { payloadType, name: "pcmu", clockRate: 8_000, channels: 1 };
    if (payloadType === 8) return { payloadType, name: "pcma", clockRate: 8_000, channels: 1 };
    return undefined;
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

function parseData(
  section: SdpSection,
  protocol: string | undefined,
  formats: readonly string[],
): { sctpPort: number; maxMessageSize: number } {
  if (protocol !== "UDP/DTLS/SCTP" || formats[0] !== "webrtc-datachannel") {
    throw invalidSdp("data must be UDP/DTLS/SCTP webrtc-datachannel");
  }
  const sctpPort = Number(one(section, "sctp-port") ?? "5000");
  if (!Number.isInteger(sctpPort) || sctpPort < 1 || sctpPort > 65_535) throw invalidSdp("a=sctp-port is not valid");
  // RFC 8841, 6.1: absent means 64 KiB, 0 means any size.
  const size = one(section, "max-message-size");
  const maxMessageSize = size === undefined ? 65_536 : /^\d{1,15}$/.test(size) ? Number(size) : -1;
  if (maxMessageSize < 0) throw invalidSdp("a=max-message-size is not valid");
  return { sctpPort, maxMessageSize: maxMessageSize === 0 ? Number.MAX_SAFE_INTEGER : maxMessageSize };
}

function checkBundle(sdp: SdpText, mids: readonly string[]): void {
  if (mids.length === 1) return;
  const groups = (sdp.session.attributes.get("group") ?? [])
    .filter((g) => g.startsWith("BUNDLE "))
    .map((g) => g.split(" ").slice(1));
  if (!groups.some((group) => mids.every((mid) => group.includes(mid))))
    throw invalidSdp("all media sections must be in one BUNDLE group");
}

function parseIce(sdp: SdpText): WebRTCOffer["ice"] {
  const usernameFragment = shared(sdp, "ice-ufrag");
  const password = shared(sdp, "ice-pwd");
  if (usernameFragment === undefined || !UFRAG.test(usernameFragment))
    throw invalidSdp("a=ice-ufrag is missing or not valid");
  if (password === undefined || !PASSWORD.test(password)) throw invalidSdp("a=ice-pwd is missing or not valid");
  for (const section of sdp.sections) {
    const [ufrag, pwd] = [one(section, "ice-ufrag"), one(section, "ice-pwd")];
    if ((ufrag !== undefined && ufrag !== usernameFragment) || (pwd !== undefined && pwd !== password)) {
      throw invalidSdp("bundled sections must have the same ICE credentials");
    }
  }
  return { usernameFragment, password, lite: sdp.session.attributes.has("ice-lite") };
}

function parseFingerprints(sdp: SdpText): WebRTCOffer["fingerprints"] {
  const out = new Map<string, { algorithm: string; value: string }>();
  for (const section of [sdp.session, ...sdp.sections]) {
    for (const line of section.attributes.get("fingerprint") ?? []) {
      const [name = "", value = "", ...rest] = line.split(" ");
      const algorithm = name.toLowerCase();
      const bytes = HASHES.get(algorithm);
      if (bytes === undefined) continue;
      const upper = value.toUpperCase();
      if (rest.length > 0 || !/^[0-9A-F]{2}(?::[0-9A-F]{2})*$/.test(upper) || upper.length !== bytes * 3 - 1) {
        throw invalidSdp("a=fingerprint is not valid");
      }
      out.set(`${algorithm} ${upper}`, { algorithm, value: upper });
    }
  }
  if (out.size === 0) throw invalidSdp("the offer needs a sha-256 fingerprint");
  if (out.size > 4) throw invalidSdp("the offer has too many fingerprints");
  return [...out.values()];
}

function parseCandidates(sdp: SdpText, accept: CandidateFilter, max: number): readonly RemoteCandidate[] {
  const out: RemoteCandidate[] = [];
  for (const section of sdp.sections) {
    for (const line of section.attributes.get("candidate") ?? []) {
      const candidate = parseCandidate(`candidate:${line}`);
      if (out.length < max && typeof candidate === "object" && accept(candidate)) out.push(candidate);
    }
  }
  return out;
}
