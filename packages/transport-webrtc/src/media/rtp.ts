import type { OwnBytes } from "@roomkit/protocol";
/** An RTP packet (RFC 3550, 5.1), taken apart. */
export interface RtpPacket {
  readonly marker: boolean;
  readonly payloadType: number;
  /** 16 bits. */
  readonly sequence: number;
  /** 32 bits, in the codec's clock. */
  readonly timestamp: number;
  readonly ssrc: number;
  /** Without padding; may be empty. */
  readonly payload: Uint8Array;
}

const HEADER = 12;

/** Reads a packet; undefined when its header, extension or padding does not fit. The payload shares memory with `data`. */
export function parseRtp(data: Uint8Array): RtpPacket | undefined {
  if (data.length < HEADER) return undefined;
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const first = view.getUint8(0);
  if (first >> 6 !== 2) return undefined;
  let start = HEADER + (first & 0x0f) * 4;
  if ((first & 0x10) !== 0) {
    if (start + 4 > data.length) return undefined;
    start += 4 + view.getUint16(start + 2) * 4;
  }
  let end = data.length;
  if ((first & 0x20) !== 0) {
    const padding = data[end - 1] as number;
    if (padding === 0) return undefined;
    end -= padding;
  }
  if (start > end) return undefined;
  const second = view.getUint8(1);
  return {
    marker: (second & 0x80) !== 0,
    payloadType: second & 0x7f,
    sequence: view.getUint16(2),
    timestamp: view.getUint32(4),
    ssrc: view.getUint32(8),
    payload: data.subarray(start, end),
  };
}

/** Writes a packet without extension, contributing sources or padding. */
export function writeRtp(packet: RtpPacket): OwnBytes {
  const data = new Uint8Array(HEADER + packet.payload.length);
  const view = new DataView(data.buffer);
  view.setUint8(0, 0x80);
  view.setUint8(1, (packet.marker ? 0x80 : 0) | packet.payloadType);
  view.setUint16(2, packet.sequence);
  view.setUint32(4, packet.timestamp);
  view.setUint32(8, packet.ssrc);
  data.set(packet.payload, HEADER);
  return data;
}

/** `a - b` on a circle of 2^32, -2^31 to 2^31 - 1. */
export function timestampDelta(a: number, b: number): number {
  return (a - b) | 0;
}
