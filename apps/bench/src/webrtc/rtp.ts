export interface RtpFields {
  readonly payloadType: number;
  readonly ssrc: number;
  /** Which 20 ms packet of its stream this is. */
  readonly at: number;
}

/** A receiver report that nothing was lost, up to a sequence number (RFC 3550, 6.4.2). */
export function writeReport({ from, ssrc, highest }: { from: number; ssrc: number; highest: number }): Buffer {
  const packet = Buffer.alloc(32);
  packet.writeUInt32BE(0x81c9_0007, 0);
  packet.writeUInt32BE(from, 4);
  packet.writeUInt32BE(ssrc, 8);
  packet.writeUInt32BE(highest, 16);
  return packet;
}

/** A packet of Opus with the shortest header there is. */
export function writeRtp({ payloadType, ssrc, at }: RtpFields, payload: Uint8Array): Buffer {
  const packet = Buffer.alloc(12 + payload.length);
  packet[0] = 0x80;
  packet[1] = payloadType;
  packet.writeUInt16BE(at & 0xffff, 2);
  packet.writeUInt32BE((at * 960) >>> 0, 4);
  packet.writeUInt32BE(ssrc, 8);
  packet.set(payload, 12);
  return packet;
}
