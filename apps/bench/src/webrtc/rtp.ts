export interface RtpFields {
  readonly payloadType: number;
  readonly ssrc: number;
  /** Which 20 ms packet of its stream this is. */
  readonly at: number;
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
