import { type OpusEncoder, type OpusSampleRate, RoomKitError } from "@roomkit/core";
import type { OpusEncoderHandle } from "libopus-wasm";

/** A packet of this many bytes or fewer need not be sent (libopus, opus_encode). */
const DTX_BYTES = 2;
/** Room for one packet: larger ones would not fit a UDP datagram on the open internet. */
const MAX_PACKET_BYTES = 1_275;

export class WasmOpusEncoder implements OpusEncoder {
  readonly sampleRate: OpusSampleRate;
  readonly frameSamples: number;
  #handle: OpusEncoderHandle | undefined;

  constructor(handle: OpusEncoderHandle, sampleRate: OpusSampleRate, frameSamples: number) {
    this.#handle = handle;
    this.sampleRate = sampleRate;
    this.frameSamples = frameSamples;
  }

  encode(samples: Int16Array): Uint8Array | undefined {
    const handle = this.#handle;
    if (!handle) throw new RoomKitError("closed", "this Opus encoder is closed");
    if (samples.length !== this.frameSamples) {
      throw new RoomKitError("invalid_audio", `this encoder takes ${this.frameSamples} samples at a time`, {
        details: { samples: samples.length },
      });
    }
    const packet = handle.encode(samples, { maxPacketBytes: MAX_PACKET_BYTES });
    return packet.length <= DTX_BYTES ? undefined : packet;
  }

  close(): void {
    this.#handle?.free();
    this.#handle = undefined;
  }
}
