import { type OpusEncoder, type OpusSampleRate, RoomKitError } from "@roomkit/core";

/** How an encoder encodes; bits per second, percent. */
export interface EncoderSettings {
  readonly sampleRate: OpusSampleRate;
  readonly bitrate: number;
  readonly complexity: number;
  readonly fec: boolean;
  readonly dtx: boolean;
  readonly packetLossPercent: number;
}

/** libopus, whoever compiled it. */
export interface EncoderHandle {
  encode(samples: Int16Array, options: { readonly maxPacketBytes: number }): Uint8Array;
  free(): void;
}

/** A packet of this many bytes or fewer need not be sent (libopus, opus_encode). */
const DTX_BYTES = 2;
/** Room for one packet: larger ones would not fit a UDP datagram on the open internet. */
const MAX_PACKET_BYTES = 1_275;

export class LibopusEncoder implements OpusEncoder {
  readonly sampleRate: OpusSampleRate;
  readonly frameSamples: number;
  #handle: EncoderHandle | undefined;

  constructor(handle: EncoderHandle, sampleRate: OpusSampleRate, frameSamples: number) {
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
