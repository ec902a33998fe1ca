/** One frame in a RED packet: the primary encoding, or an earlier one sent again. */
export interface RedBlock {
  readonly payloadType: number;
  /** How much earlier than the packet's own it began, in timestamp units; 0 for the primary. */
  readonly timestampOffset: number;
  readonly payload: Uint8Array;
}

const MAX_BLOCKS = 8;

/** Reads redundant audio data (RFC 2198, 3): oldest first, the primary last. Undefined when it is malformed. */
export function parseRed(data: Uint8Array): readonly RedBlock[] | undefined {
  const headers: { payloadType: number; timestampOffset: number; length: number }[] = [];
  let at = 0;
  for (;;) {
    const first = data[at];
    if (first === undefined || headers.length > MAX_BLOCKS) return undefined;
    if ((first & 0x80) === 0) {
      headers.push({ payloadType: first & 0x7f, timestampOffset: 0, length: -1 });
      at += 1;
      break;
    }
    if (at + 4 > data.length) return undefined;
    const offset = ((data[at + 1] as number) << 6) | ((data[at + 2] as number) >> 2);
    const length = (((data[at + 2] as number) & 3) << 8) | (data[at + 3] as number);
    headers.push({ payloadType: first & 0x7f, timestampOffset: offset, length });
    at += 4;
  }
  const blocks: RedBlock[] = [];
  for (const { payloadType, timestampOffset, length } of headers) {
    const end = length < 0 ? data.length : at + length;
    if (end > data.length) return undefined;
    blocks.push({ payloadType, timestampOffset, payload: data.subarray(at, end) });
    at = end;
  }
  return blocks;
}
