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

/** A packet of one frame without data, or with a byte that decoders leave alone, is what an encoder makes of silence (RFC 6716, 3.1 and 3.2.1). */
function opusSilence(payload: Uint8Array): number | undefined {
  const [toc] = payload;
  if (toc === undefined || payload.length > 2 || (toc & 3) !== 0) return undefined;
  const config = toc >> 3;
  if (config < 12) return [10, 20, 40, 60][config & 3];
  return config < 16 ? [10, 20][config & 1] : [2.5, 5, 10, 20][config & 3];
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
