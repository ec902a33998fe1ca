import type { AudioFrame } from "@roomkit/core";
import { PcmFramer, type PcmFramerOptions } from "./pcm-framer.ts";

/** A stream of 16-bit little-endian PCM bytes, in chunks of any size, as frames of 20 ms (see {@link PcmFramer}). */
export async function* framesOfBytes(
  bytes: AsyncIterable<Uint8Array>,
  options: PcmFramerOptions,
): AsyncGenerator<AudioFrame, void, undefined> {
  const framer = new PcmFramer(options);
  for await (const chunk of bytes) yield* framer.push(chunk);
  const last = framer.flush();
  if (last) yield last;
}
