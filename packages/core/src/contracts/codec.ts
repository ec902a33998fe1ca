import type { Recipe } from "./recipe.ts";

/**
 * A codec of 16-bit linear PCM whose coded form needs no packets and no memory: any cut of a stream codes alike, so one
 * object may serve any number of streams. (Opus, which needs both, has {@link OpusCodec}.)
 */
export interface AudioCodec {
  /** Stable and lower case, as a protocol names it: `mulaw`, `alaw`, `pcm16`. */
  readonly name: string;
  /** The rate in Hz the coded form is bound to; absent: any. */
  readonly sampleRate?: number | undefined;
  /** How another thread makes this codec; absent: it can be used on this one alone. */
  readonly recipe?: Recipe | undefined;
  /**
   * Codes samples (interleaved, should there be more than one channel) into a new array, or into the front of `out` if it is given, has room
   * and the codec can.
   */
  encode(samples: Int16Array, out?: Uint8Array): Uint8Array;
  /**
   * Decodes bytes into a new array, or into the front of `out` if it is given, has room and the codec can. The bytes are the caller's: it may
   * use their memory again.
   *
   * @throws RoomKitError `invalid_audio` when they are not in the coded form.
   */
  decode(bytes: Uint8Array, out?: Int16Array): Int16Array;
}
