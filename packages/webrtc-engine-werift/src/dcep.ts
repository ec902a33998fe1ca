/** Payload protocol identifiers of a data channel (RFC 8831, 8) and its establishment protocol (RFC 8832). */
export const PPID = { dcep: 50, text: 51, binary: 53, emptyText: 56, emptyBinary: 57 } as const;

const OPEN = 3;
export const ACK: Buffer = Buffer.of(2);
const HEADER = 12;

export interface ChannelOpen {
  readonly label: string;
  readonly ordered: boolean;
  /** Retransmissions after which a message is given up; undefined: none is. */
  readonly maxRetransmits: number | undefined;
}

/** Reads a DATA_CHANNEL_OPEN; undefined when it is something else, or malformed, or its label is longer than `maxLabelBytes`. */
export function readChannelOpen(data: Buffer, maxLabelBytes: number): ChannelOpen | undefined {
  if (data.length < HEADER || data[0] !== OPEN) return undefined;
  const type = data[1] as number;
  const labelLength = data.readUInt16BE(8);
  const protocolLength = data.readUInt16BE(10);
  if (labelLength > maxLabelBytes || data.length !== HEADER + labelLength + protocolLength) return undefined;
  return {
    label: data.toString("utf8", HEADER, HEADER + labelLength),
    ordered: (type & 0x80) === 0,
    maxRetransmits: (type & 0x7f) === 1 ? data.readUInt32BE(4) : undefined,
  };
}
