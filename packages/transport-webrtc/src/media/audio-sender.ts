import type { AudioCodec, OpusEncoder } from "@roomkit/core";
import { writeRtp } from "./rtp.ts";

/** Encodes frames of one length for one stream. */
export interface FrameEncoder {
  readonly sampleRate: number;
  /** Samples of a frame: 20 ms. */
  readonly frameSamples: number;
  /** Hz of the RTP timestamps. */
  readonly clockRate: number;
  /** Undefined: this frame need not be sent. */
  encode(samples: Int16Array): Uint8Array | undefined;
  close(): void;
}

export function opusEncoding(encoder: OpusEncoder): FrameEncoder {
  const { sampleRate, frameSamples } = encoder;
  return {
    sampleRate,
    frameSamples,
    clockRate: 48_000,
    encode: (s) => encoder.encode(s),
    close: () => encoder.close(),
  };
}

export function g711Encoding(codec: AudioCodec): FrameEncoder {
  return { sampleRate: 8_000, frameSamples: 160, clockRate: 8_000, encode: (s) => codec.encode(s), close: () => {} };
}

export interface AudioSenderOptions {
  readonly encoder: FrameEncoder;
  readonly payloadType: number;
  readonly ssrc: number;
  /** Random start of the sequence numbers (16 bits) and timestamps (32 bits), RFC 3550, 5.1. */
  readonly firstSequence: number;
  readonly firstTimestamp: number;
  /** Sends a packet; false when the connection cannot take it now. */
  readonly send: (packet: Uint8Array) => boolean;
}

/** Frames of silence after the last of a talk spurt: a jitter buffer that runs dry then goes on with silence, not with the last sound. */
const TAIL_FRAMES = 5;
const FRAME_MS = 20;

/**
 * The outbound track: 20 ms frames in, RTP packets out. Between talk spurts nothing is sent; timestamps go on with the clock
 * and the marker bit says where a spurt begins (RFC 3551, 4.1).
 */
export class AudioSender {
  readonly #options: AudioSenderOptions;
  readonly #silence: Int16Array;
  #sequence: number;
  #timestamp: number;
  /** Clock time for which the next frame is due, ms; undefined before the first. */
  #dueMs: number | undefined;
  #tail = 0;

  constructor(options: AudioSenderOptions) {
    this.#options = options;
    this.#sequence = options.firstSequence & 0xffff;
    this.#timestamp = options.firstTimestamp >>> 0;
    this.#silence = new Int16Array(options.encoder.frameSamples);
  }

  /** Sends a frame of exactly 20 ms at `now`, ms. False when the connection refused it; then nothing changed but the encoder. */
  send(samples: Int16Array, now: number): boolean {
    if (!this.#frame(samples, now)) return false;
    this.#tail = TAIL_FRAMES;
    return true;
  }

  /** Call every 20 ms when there was no frame to send: ends a talk spurt in silence. */
  idle(now: number): void {
    // Frames may be ahead of the clock, and the next may be late by a timer's error: the tail waits for both.
    if (this.#tail === 0 || this.#dueMs === undefined || now < this.#dueMs + FRAME_MS) return;
    this.#tail--;
    this.#frame(this.#silence, now);
  }

  close(): void {
    this.#options.encoder.close();
  }

  #frame(samples: Int16Array, now: number): boolean {
    const { encoder, payloadType, ssrc, send } = this.#options;
    const gapMs = this.#dueMs === undefined ? 0 : now - this.#dueMs;
    // A little late is jitter of our timer: the stream goes on without a seam. More is a pause.
    const begins = this.#dueMs === undefined || gapMs > 2 * FRAME_MS;
    const skip = begins && gapMs > 0 ? Math.round((gapMs * encoder.clockRate) / 1000) : 0;
    const payload = encoder.encode(samples);
    const timestamp = (this.#timestamp + skip) >>> 0;
    if (payload) {
      const packet = writeRtp({ marker: begins, payloadType, sequence: this.#sequence, timestamp, ssrc, payload });
      if (!send(packet)) return false;
      this.#sequence = (this.#sequence + 1) & 0xffff;
    }
    this.#timestamp = (timestamp + (FRAME_MS * encoder.clockRate) / 1000) >>> 0;
    this.#dueMs = (begins || this.#dueMs === undefined ? now : this.#dueMs) + FRAME_MS;
    return true;
  }
}
