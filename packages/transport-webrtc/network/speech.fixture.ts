import { opus } from "@roomkit/codec-opus";

/** Samples as Opus packets of 20 ms; what is over at the end is left out. */
export async function toOpus(samples: Int16Array, sampleRate: 16_000 | 24_000 | 48_000): Promise<Uint8Array[]> {
  const encoder = await opus().createEncoder({ sampleRate });
  const out: Uint8Array[] = [];
  for (let at = 0; at + encoder.frameSamples <= samples.length; at += encoder.frameSamples)
    out.push(Uint8Array.from(encoder.encode(samples.subarray(at, at + encoder.frameSamples)) ?? []));
  encoder.close();
  return out;
}

/** Opus packets, in order, as 24 kHz samples. */
export async function fromOpus(packets: readonly Uint8Array[]): Promise<Int16Array[]> {
  const decoder = await opus().createDecoder({ sampleRate: 24_000 });
  const out = packets.map((packet) => decoder.decode(packet));
  decoder.close();
  return out;
}
