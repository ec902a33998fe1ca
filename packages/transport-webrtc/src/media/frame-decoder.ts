import type { AudioCodec, OpusDecoder } from "@roomkit/core";

/** Decodes the packets of one stream, and makes up for those that are missing. */
export interface FrameDecoder {
  /** Hz of the samples it gives. */
  readonly sampleRate: number;
  /** Hz of the RTP timestamps. */
  readonly clockRate: number;
  /** How much silence a packet stands for, ms, that says nothing else (DTX); undefined: it is to be decoded. */
  silenceOf(payload: Uint8Array): number | undefined;
  /** @throws RoomKitError `invalid_audio` */
  decode(payload: Uint8Array): Int16Array;
  /** The `ms` just before `next`, of which nothing came. */
  recover(next: Uint8Array, ms: number): Int16Array;
  conceal(ms: number): Int16Array;
  close(): void;
}

export function opusFrames(decoder: OpusDecoder): FrameDecoder {
  return {
    sampleRate: decoder.sampleRate,
    // RFC 7587, 4.1: always, whatever the audio's rate.
    clockRate: 48_000,
    silenceOf: opusSilence,
    decode: (payload) => decoder.decode(payload),
    recover: (next, ms) => decoder.recover(next, ms),
    conceal: (ms) => decoder.conceal(ms),
    close: () => decoder.close(),
  };
}

/** How long a frame is, by the packet's first byte, ms (RFC 6716, 3.1). */
function opusFrameMs(toc: number): number {
  const config = toc >> 3;
  if (config < 12) return [10, 20, 40, 60][config & 3] as number;
  return config < 16 ? ([10, 20][config & 1] as number) : ([2.5, 5, 10, 20][config & 3] as number);
}

/**
 * Packets of frames without data, which is what encoders make of silence: of one frame, which may have a byte that decoders leave alone,
 * of two, or of as many as the second byte says (RFC 6716, 3.2). Senders of 40 or 60 ms make more than one frame of it.
 */
function opusSilence(payload: Uint8Array): number | undefined {
  if (payload.length === 0 || payload.length > 2) return undefined;
  const [toc, second] = payload as unknown as [number, number | undefined];
  const frameMs = opusFrameMs(toc);
  switch (toc & 3) {
    case 0:
      return frameMs;
    case 1:
      return second === undefined ? 2 * frameMs : undefined;
    case 2:
      return second === 0 ? 2 * frameMs : undefined;
    default: {
      // Neither padding nor frames of their own lengths; 120 ms at most.
      const frames = second ?? 0;
      return frames > 0 && frames < 0x40 && frames * frameMs <= 120 ? frames * frameMs : undefined;
    }
  }
}

/** G.711: a lost frame is the last one again, fading out over 60 ms (in the manner of G.711 Appendix I, without its pitch search). */
export function g711Frames(codec: AudioCodec): FrameDecoder {
  const sampleRate = 8_000;
  let last = new Int16Array(0);
  let concealedMs = 0;
  const conceal = (ms: number): Int16Array => {
    const out = new Int16Array((sampleRate * ms) / 1000);
    for (let i = 0; i < out.length && last.length > 0; i++) {
      const gain = Math.max(0, 1 - (concealedMs + (i * 1000) / sampleRate) / 60);
      out[i] = (last[i % last.length] as number) * gain;
    }
    concealedMs += ms;
    return out;
  };
  return {
    sampleRate,
    clockRate: sampleRate,
    silenceOf: () => undefined,
    decode(payload) {
      concealedMs = 0;
      last = codec.decode(payload) as Int16Array<ArrayBuffer>;
      return last;
    },
    recover: (_next, ms) => conceal(ms),
    conceal,
    close: () => {},
  };
}
