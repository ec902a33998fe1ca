import { type OpusDecoder, type OpusSampleRate, RoomKitError } from "@roomkit/core";
import type { OpusDecoderHandle } from "libopus-wasm";

/** Longest stretch libopus decodes or conceals in one call (RFC 6716, 3.1). */
const MAX_MS = 120;

export class WasmOpusDecoder implements OpusDecoder {
  readonly sampleRate: OpusSampleRate;
  #handle: OpusDecoderHandle | undefined;

  constructor(handle: OpusDecoderHandle, sampleRate: OpusSampleRate) {
    this.#handle = handle;
    this.sampleRate = sampleRate;
  }

  decode(packet: Uint8Array): Int16Array {
    return this.#run((handle) => handle.decode(packet));
  }

  recover(next: Uint8Array, ms: number): Int16Array {
    const frameSize = this.#frameSize(ms);
    return this.#run((handle) => handle.decode(next, { decodeFec: true, frameSize }));
  }

  conceal(ms: number): Int16Array {
    const frameSize = this.#frameSize(ms);
    return this.#run((handle) => handle.decodePacketLoss(frameSize));
  }

  close(): void {
    this.#handle?.free();
    this.#handle = undefined;
  }

  #frameSize(ms: number): number {
    if (ms > 0 && ms <= MAX_MS && Number.isInteger(ms / 2.5)) return (this.sampleRate * ms) / 1000;
    throw new RoomKitError("invalid_audio", `a stretch to make up must be a multiple of 2.5 ms, up to ${MAX_MS}`, {
      details: { ms },
    });
  }

  #run(decode: (handle: OpusDecoderHandle) => Int16Array): Int16Array {
    const handle = this.#handle;
    if (!handle) throw new RoomKitError("closed", "this Opus decoder is closed");
    try {
      return decode(handle);
    } catch (error) {
      throw new RoomKitError("invalid_audio", "not an Opus packet", { cause: error });
    }
  }
}
