import type { OwnBytes } from "./own-memory.ts";

/**
 * Binary audio frames of v1, over WebSocket and data channel. Everything is little-endian:
 *
 * | bytes | what |
 * |---|---|
 * | 0 | kind: 1 = audio |
 * | 1 | flags: bit 0 = last frame of its utterance; other bits are sent as 0 and ignored |
 * | 2-5 | utterance number, unsigned; 0 from a client |
 * | 6-9 | sample offset, unsigned: position of the first sample in the utterance, or (from a client) in the stream since `ready`, modulo 2^32 |
 * | 10- | samples in the granted codec; may be empty on a last frame |
 *
 * The header is 10 bytes, so that 16-bit samples after it stay aligned.
 */
export interface BinaryAudioFrame {
  /** 1 and up for server audio, 0 for client audio. */
  readonly utterance: number;
  /** Samples before this frame. */
  readonly offset: number;
  /** Last frame of its utterance. */
  readonly end: boolean;
  /** Encoded samples. A decoded frame shares memory with the bytes it came from. */
  readonly audio: Uint8Array;
}

export const audioFrameHeaderBytes = 10;
const KIND_AUDIO = 1;
const FLAG_END = 1;

/** @throws RangeError when `utterance` or `offset` is not an unsigned 32-bit number: that is a bug of the caller. */
export function encodeAudioFrame(frame: BinaryAudioFrame): OwnBytes {
  const { utterance, offset, audio } = frame;
  if (utterance >>> 0 !== utterance || offset >>> 0 !== offset)
    throw new RangeError("utterance and offset are unsigned 32-bit numbers");
  const bytes = new Uint8Array(audioFrameHeaderBytes + audio.length);
  bytes[0] = KIND_AUDIO;
  bytes[1] = frame.end ? FLAG_END : 0;
  writeUint32(bytes, 2, utterance);
  writeUint32(bytes, 6, offset);
  bytes.set(audio, audioFrameHeaderBytes);
  return bytes;
}

export type AudioFrameResult =
  | { readonly ok: true; readonly frame: BinaryAudioFrame }
  | { readonly ok: false; readonly code: "message_too_large" | "bad_message"; readonly message: string };

/** Reads a binary frame; never throws. */
export function decodeAudioFrame(bytes: Uint8Array, limits: { readonly maxMessageBytes: number }): AudioFrameResult {
  if (bytes.length > limits.maxMessageBytes) {
    return { ok: false, code: "message_too_large", message: `a message holds at most ${limits.maxMessageBytes} bytes` };
  }
  if (bytes.length < audioFrameHeaderBytes)
    return { ok: false, code: "bad_message", message: "a binary frame has a header of 10 bytes" };
  if (bytes[0] !== KIND_AUDIO) return { ok: false, code: "bad_message", message: "unknown kind of binary frame" };
  return {
    ok: true,
    frame: {
      utterance: readUint32(bytes, 2),
      offset: readUint32(bytes, 6),
      end: ((bytes[1] as number) & FLAG_END) !== 0,
      audio: bytes.subarray(audioFrameHeaderBytes),
    },
  };
}

function writeUint32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value;
  bytes[at + 1] = value >>> 8;
  bytes[at + 2] = value >>> 16;
  bytes[at + 3] = value >>> 24;
}

function readUint32(bytes: Uint8Array, at: number): number {
  const low = (bytes[at] as number) | ((bytes[at + 1] as number) << 8) | ((bytes[at + 2] as number) << 16);
  return (low | ((bytes[at + 3] as number) << 24)) >>> 0;
}
