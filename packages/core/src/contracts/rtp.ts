import type { RtpCodec } from "./webrtc-engine.ts";

/** `a - b` on the circle of RTP sequence numbers (2^16): -32,768 to 32,767. */
export function sequenceDelta(a: number, b: number): number {
  return ((a - b) << 16) >> 16;
}

/** Names that SDP writes in lower case; the others (PCMU) it writes in upper case. */
const LOWER_CASE: ReadonlySet<string> = new Set(["opus", "red", "telephone-event"]);

/** The `a=rtpmap` and `a=fmtp` lines of a codec, without their line ends. */
export function codecLines(codec: RtpCodec): string[] {
  const { payloadType, name, clockRate, parameters } = codec;
  const channels = codec.channels === 1 ? "" : `/${codec.channels}`;
  const lines = [`a=rtpmap:${payloadType} ${LOWER_CASE.has(name) ? name : name.toUpperCase()}/${clockRate}${channels}`];
  if (parameters !== undefined) lines.push(`a=fmtp:${payloadType} ${parameters}`);
  return lines;
}
