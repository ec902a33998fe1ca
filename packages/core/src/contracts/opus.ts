import type { Recipe } from "./recipe.ts";

/** The rates Opus codes at, in Hz; a decoder gives any of them whatever the sender used. */
export type OpusSampleRate = 8_000 | 12_000 | 16_000 | 24_000 | 48_000;

/** Decodes one stream of Opus packets (RFC 6716) to mono. Packets are given in order; a packet that is missing is made up for. */
export interface OpusDecoder {
  readonly sampleRate: OpusSampleRate;
  /** The samples of one packet, 2.5 to 120 ms. @throws RoomKitError `invalid_audio` when it is not an Opus packet. */
  decode(packet: Uint8Array): Int16Array;
  /**
   * The `ms` before `next`, from the copy of lower quality that `next` may carry (in-band FEC); conceals when it carries none.
   * Call it before `decode(next)`. `ms` is a multiple of 2.5, up to 120. @throws RoomKitError `invalid_audio`.
   */
  recover(next: Uint8Array, ms: number): Int16Array;
  /** Makes up `ms` (a multiple of 2.5, up to 120) for a packet that did not come. */
  conceal(ms: number): Int16Array;
  /** Frees its memory; idempotent. Every other method then throws `closed`. */
  close(): void;
}

/** Encodes one mono stream. */
export interface OpusEncoder {
  readonly sampleRate: OpusSampleRate;
  /** How many samples {@link encode} takes. */
  readonly frameSamples: number;
  /**
   * One packet for exactly `frameSamples` samples, or undefined when discontinuous transmission leaves this frame out.
   * @throws RoomKitError `invalid_audio` for another length.
   */
  encode(samples: Int16Array): Uint8Array | undefined;
  /**
   * The network loses about so many of the packets, percent, 0 to 100: what in-band FEC may cost from now on. Absent: it cannot be told.
   * @throws RoomKitError `invalid_option`.
   */
  expectLoss?(percent: number): void;
  /** Frees its memory; idempotent. Every other method then throws `closed`. */
  close(): void;
}

export interface OpusEncoderOptions {
  readonly sampleRate: OpusSampleRate;
  /** Length of a packet in ms. Default 20. */
  readonly frameMs?: 10 | 20 | 40 | 60 | undefined;
}

/** An Opus implementation, handed to the transports that speak it. */
export interface OpusCodec {
  readonly name: string;
  /** How another thread makes this codec; absent: it can be used on this one alone. */
  readonly recipe?: Recipe | undefined;
  /** @throws RoomKitError `invalid_option` for a rate Opus does not have. */
  createDecoder(options: { readonly sampleRate: OpusSampleRate }): Promise<OpusDecoder>;
  /** @throws RoomKitError `invalid_option`. */
  createEncoder(options: OpusEncoderOptions): Promise<OpusEncoder>;
}
