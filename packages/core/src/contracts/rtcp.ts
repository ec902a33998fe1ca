/** Where the first block of a sender report and of a receiver report begins, and how long each is, bytes. */
const FIRST_BLOCK: Readonly<Record<number, number>> = { 200: 28, 201: 8 };
const BLOCK = 24;

/** What the receiver of a stream tells of it (RFC 3550, 6.4.1). */
export interface ReceptionReport {
  /** The share of packets lost since its last report, 0 to 1. */
  readonly lost: number;
  /** The highest sequence number it has got, with its wraps above the lower 16 bits; unsigned, 32 bits. */
  readonly highest: number;
}

/** RFC 5761, 4: what shares a port with RTP is RTCP when its second byte, without the marker, is 64 to 95. */
export function isRtcp(data: Uint8Array): boolean {
  const type = (data[1] ?? 0) & 0x7f;
  return type >= 64 && type <= 95;
}

/** The packets of a compound RTCP packet; what is malformed ends it. */
export function* rtcpPackets(data: Uint8Array): Generator<DataView> {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  for (let start = 0; start + 4 <= view.byteLength; ) {
    const length = (view.getUint16(start + 2) + 1) * 4;
    if (start + length > view.byteLength) return;
    yield new DataView(data.buffer, data.byteOffset + start, length);
    start += length;
  }
}

/** The last report on stream `ssrc` in a compound RTCP packet, decrypted; undefined when there is none. */
export function receptionReport(data: Uint8Array, ssrc: number): ReceptionReport | undefined {
  let found: ReceptionReport | undefined;
  for (const packet of rtcpPackets(data)) {
    const first = FIRST_BLOCK[packet.getUint8(1)] ?? packet.byteLength;
    const end = Math.min(packet.byteLength, first + (packet.getUint8(0) & 0x1f) * BLOCK);
    for (let at = first; at + BLOCK <= end; at += BLOCK)
      if (packet.getUint32(at) === ssrc)
        found = { lost: packet.getUint8(at + 4) / 256, highest: packet.getUint32(at + 8) };
  }
  return found;
}
