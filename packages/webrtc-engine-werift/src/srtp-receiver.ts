import { StreamTable } from "@roomkit/core";

/** What decrypts and authenticates, given how often the sequence number has wrapped; throws when a packet is not authentic. */
export type SrtpDecrypt = (packet: Buffer, rollovers: number) => Buffer;

export type SrtpResult = { readonly packet: Buffer } | { readonly dropped: string };

/** Shortest SRTP packet: header and the shorter of the two authentication tags. */
const MIN_LENGTH = 12 + 10;

/** Bit mask of the last 64 packets of a stream (RFC 3711, 3.3.2). */
interface Window {
  highest: number;
  seen: bigint;
}

/**
 * Decrypts inbound media, with what SRTP asks for and werift leaves out: a bounded number of streams, a replay window per stream,
 * and a count of rollovers that no loss or leap around the wrap leads astray (RFC 3711, 3.3.1). State changes only after a packet
 * has proved authentic.
 */
export class SrtpReceiver {
  readonly #streams: StreamTable<Window>;

  constructor(maxStreams: number) {
    this.#streams = new StreamTable(maxStreams);
  }

  get streams(): number {
    return this.#streams.size;
  }

  /** @param now monotonic ms. */
  receive(data: Buffer, decrypt: SrtpDecrypt, now: number): SrtpResult {
    if (data.length < MIN_LENGTH) return { dropped: "srtp_malformed" };
    const sequence = data.readUInt16BE(2);
    const ssrc = data.readUInt32BE(8);
    if (!this.#streams.admits(ssrc, now)) return { dropped: "srtp_too_many_streams" };
    const window = this.#streams.get(ssrc);
    if (window) {
      const index = extend(sequence, window.highest);
      if (index < 0 || replayed(window, index)) return { dropped: "srtp_replay" };
      const packet = attempt(decrypt, data, index);
      if (!packet) return { dropped: "srtp_unauthentic" };
      advance(window, index);
      this.#streams.note(ssrc, window, now);
      return { packet };
    }
    // What began just below the wrap, and was not heard there, is beyond it by now.
    const possible = sequence < 0x8000 ? [sequence, sequence + 0x1_0000] : [sequence];
    for (const index of possible) {
      const packet = attempt(decrypt, data, index);
      if (!packet) continue;
      this.#streams.note(ssrc, { highest: index, seen: 1n }, now);
      return { packet };
    }
    return { dropped: "srtp_unauthentic" };
  }
}

function attempt(decrypt: SrtpDecrypt, data: Buffer, index: number): Buffer | undefined {
  try {
    return decrypt(data, Math.floor(index / 0x1_0000));
  } catch {
    return undefined;
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
