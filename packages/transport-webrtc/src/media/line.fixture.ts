import { opus } from "@roomkit/codec-opus";
import { type AudioFrame, rms } from "@roomkit/core";
import { speechLike } from "@roomkit/testing";
import { beforeAll } from "vitest";
import { AudioReceiver } from "./audio-receiver.ts";
import { type FrameDecoder, opusFrames } from "./frame-decoder.ts";
import { writeRtp } from "./rtp.ts";

/** Wideband, 20 ms, one frame, no data: what libopus makes of silence. */
export const DTX = Buffer.of(0x48);
export const COMFORT_NOISE = 13;

let speech: Uint8Array[];
beforeAll(async () => {
  const encoder = await opus().createEncoder({ sampleRate: 16_000 });
  const voice = speechLike(16_000, 2_000, 6_000);
  speech = Array.from({ length: 100 }, (_, i) =>
    Uint8Array.from(encoder.encode(voice.subarray(i * 320, (i + 1) * 320)) ?? []),
  );
  encoder.close();
});

/** A packet and when it was made, in units of 20 ms. */
export interface Sent {
  readonly at: number;
  readonly payload: Uint8Array;
  readonly payloadType?: number;
  readonly ssrc?: number;
}

/** A receiver with a clock that goes on in steps of 20 ms. */
export async function line() {
  const frames: AudioFrame[] = [];
  const drops: string[] = [];
  const work = { decoded: 0, madeUp: 0 };
  const opened = opusFrames(await opus().createDecoder({ sampleRate: 16_000 }));
  const decoder: FrameDecoder = {
    ...opened,
    decode: (payload) => {
      work.decoded++;
      return opened.decode(payload);
    },
    conceal: (ms) => {
      work.madeUp++;
      return opened.conceal(ms);
    },
    recover: (next, ms) => {
      work.madeUp++;
      return opened.recover(next, ms);
    },
  };
  const receiver = new AudioReceiver({
    decoder,
    payloadTypes: { audio: 111 },
    onFrame: (frame) => frames.push(frame),
    onDigit() {},
    admit: () => true,
    onDrop: (reason) => drops.push(reason),
  });
  let sequence = 65_500;
  const out = {
    frames,
    drops,
    work,
    receiver,
    /** Ms of the line so far. */
    ms: () => frames.reduce((sum, { samples }) => sum + samples.length / 16, 0),
    /** How loud it is between two times, ms. */
    loud: (from: number, to: number) =>
      rms(Int16Array.from(frames.flatMap(({ samples }) => [...samples])).subarray(from * 16, to * 16)),
    unbroken: () => {
      let at = 0;
      return frames.every(({ timestamp, samples }) => {
        const right = Math.abs(timestamp - at) < 1e-6;
        at += samples.length / 16;
        return right;
      });
    },
    packet: ({ at, payload, payloadType = 111, ssrc = 1 }: Sent) =>
      writeRtp({
        marker: false,
        payloadType,
        sequence: sequence++ & 0xffff,
        timestamp: (0xffff_f000 + at * 960) >>> 0,
        ssrc,
        payload,
      }),
    /** Sends what is made at each time, loses what is named, and lets time pass; `from` and `to` in units of 20 ms. */
    pass(from: number, to: number, sent: (at: number) => Omit<Sent, "at"> | undefined, lost: readonly number[] = []) {
      for (let at = from; at < to; at++) {
        const made = sent(at);
        const packet = made && out.packet({ at, ...made });
        if (packet && !lost.includes(at)) receiver.receive(packet, at * 20);
        receiver.tick(at * 20 + 10);
      }
    },
  };
  return out;
}

export const talk = (at: number): Omit<Sent, "at"> => ({ payload: speech[at % 100] as Uint8Array });
/** As browsers send it: once, again every 400 ms, and nothing between. */
export const dtx = (at: number): Omit<Sent, "at"> | undefined => (at % 20 === 0 ? { payload: DTX } : undefined);
