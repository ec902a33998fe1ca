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
  setPacketLossPercent(percent: number): void;
  free(): void;
}

/** A packet of this many bytes or fewer need not be sent (libopus, opus_encode). */
const DTX_BYTES = 2;
/** Room for one packet: larger ones would not fit a UDP datagram on the open internet. */
const MAX_PACKET_BYTES = 1_275;

export class LibopusEncoder implements OpusEncoder {
  readonly sampleRate: OpusSampleRate;
  readonly frameSamples: number;
  readonly #leastLossPercent: number;
  #handle: EncoderHandle | undefined;

  constructor(handle: EncoderHandle, { sampleRate, packetLossPercent }: EncoderSettings, frameSamples: number) {
    this.#handle = handle;
    this.sampleRate = sampleRate;
    this.frameSamples = frameSamples;
    this.#leastLossPercent = packetLossPercent;
  }

  get #open(): EncoderHandle {
    if (!this.#handle) throw new RoomKitError("closed", "this Opus encoder is closed");
    return this.#handle;
  }

  encode(samples: Int16Array): Uint8Array | undefined {
    const handle = this.#open;
    if (samples.length !== this.frameSamples) {
      throw new RoomKitError("invalid_audio", `this encoder takes ${this.frameSamples} samples at a time`, {
        details: { samples: samples.length },
      });
    }
    const packet = handle.encode(samples, { maxPacketBytes: MAX_PACKET_BYTES });
    return packet.length <= DTX_BYTES ? undefined : packet;
  }

  expectLoss(percent: number): void {
    // At a usual bitrate libopus codes no copy for a loss of 5 % or less.
    const least = within("percent", percent, 0, 100) === 0 ? 0 : this.#leastLossPercent;
    this.#open.setPacketLossPercent(Math.max(least, percent));
  }

  close(): void {
    this.#handle?.free();
    this.#handle = undefined;
  }
}

/** @throws RoomKitError `invalid_option` for what is no whole number of a range. */
export function within(name: string, value: number, low: number, high: number): number {
  if (Number.isInteger(value) && value >= low && value <= high) return value;
  throw new RoomKitError("invalid_option", `${name} must be a whole number from ${low} to ${high}`, {
    details: { [name]: value },
  });
}
