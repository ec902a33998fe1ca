import type { OpusCodec, OpusSampleRate } from "@roomkit/core";
import { inSequence } from "./signals.ts";

export interface OpusLineOptions {
  readonly codec: OpusCodec;
  /** Hz that the receiver decodes to. */
  readonly sampleRate: OpusSampleRate;
  /** Of 100 packets so many are lost. Default 0. */
  readonly lossPercent?: number | undefined;
  /** From 0 to below 1: which of them; asked once a packet. */
  readonly random: () => number;
}

/**
 * What a receiver hears of audio at 48,000 Hz that comes as Opus packets: of one that was lost what the next one carries of it, or, when that
 * was lost, too, what the decoder makes up. What does not fill a packet at the end is left out.
 */
export async function throughOpus(samples: Int16Array, options: OpusLineOptions): Promise<Int16Array> {
  const { codec, sampleRate, lossPercent = 0, random } = options;
  const encoder = await codec.createEncoder({ sampleRate: 48_000 });
  const decoder = await codec.createDecoder({ sampleRate });
  const heard: Int16Array[] = [];
  let lost = false;
  for (let at = 0; at + encoder.frameSamples <= samples.length; at += encoder.frameSamples) {
    const packet = encoder.encode(samples.subarray(at, at + encoder.frameSamples)) as Uint8Array;
    const isLost = random() * 100 < lossPercent;
    if (lost) heard.push(isLost ? decoder.conceal(20) : decoder.recover(packet, 20));
    if (!isLost) heard.push(decoder.decode(packet));
    lost = isLost;
  }
  encoder.close();
  decoder.close();
  return inSequence(...heard);
}
