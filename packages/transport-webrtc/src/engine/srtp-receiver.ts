/** What decrypts and authenticates; throws when a packet is not authentic. */
export interface SrtpDecryptor {
  decrypt(packet: Buffer): Buffer;
}

export type SrtpResult = { readonly packet: Buffer } | { readonly dropped: string };

/** Shortest SRTP packet: header and the shorter of the two authentication tags. */
const MIN_LENGTH = 12 + 10;

/** Bit mask of the last 64 packets of a stream (RFC 3711, 3.3.2). */
interface Window {
  highest: number;
  seen: bigint;
}

/**
 * Decrypts inbound media, with the two guards SRTP asks for and werift leaves out: a bounded number of streams, and a replay
 * window per stream. Both change state only after a packet has proved authentic.
 */
export class SrtpReceiver {
  readonly #maxStreams: number;
  readonly #streams = new Map<number, Window>();

  constructor(maxStreams: number) {
    this.#maxStreams = maxStreams;
  }

  get streams(): number {
    return this.#streams.size;
  }

  receive(data: Buffer, srtp: SrtpDecryptor): SrtpResult {
    // RFC 5761, 4: payload types 64 to 95 in the second byte are RTCP. Nothing here needs it.
    const type = (data[1] as number) & 0x7f;
    if (type >= 64 && type <= 95) return { dropped: "rtcp" };
    if (data.length < MIN_LENGTH) return { dropped: "srtp_malformed" };
    const sequence = data.readUInt16BE(2);
    const ssrc = data.readUInt32BE(8);
    const window = this.#streams.get(ssrc);
    if (!window && this.#streams.size >= this.#maxStreams) return { dropped: "srtp_too_many_streams" };
    const index = window === undefined ? sequence : extend(sequence, window.highest);
    if (window && replayed(window, index)) return { dropped: "srtp_replay" };
    let packet: Buffer;
    try {
      packet = srtp.decrypt(data);
    } catch {
      return { dropped: "srtp_unauthentic" };
    }
    if (window) advance(window, index);
    else this.#streams.set(ssrc, { highest: index, seen: 1n });
    return { packet };
  }
}

/** The packet index nearest to `highest` whose lower 16 bits are `sequence`. */
function extend(sequence: number, highest: number): number {
  const delta = ((sequence - highest) << 16) >> 16;
  return highest + delta;
}

function replayed(window: Window, index: number): boolean {
  const age = window.highest - index;
  if (age < 0) return false;
  return age >= 64 || (window.seen & (1n << BigInt(age))) !== 0n;
}

function advance(window: Window, index: number): void {
  const ahead = index - window.highest;
  if (ahead > 0) {
    window.seen = ahead >= 64 ? 1n : BigInt.asUintN(64, (window.seen << BigInt(ahead)) | 1n);
    window.highest = index;
  } else {
    window.seen |= 1n << BigInt(-ahead);
  }
}
