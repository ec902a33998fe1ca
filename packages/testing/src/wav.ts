import { type AudioFormat, RoomKitError } from "@roomkit/core";

/**
 * The samples of a WAV file of 16-bit linear PCM, for tests on recordings.
 *
 * @throws RoomKitError `invalid_audio` for anything else.
 */
export function samplesOfWav(file: Uint8Array): { readonly samples: Int16Array; readonly format: AudioFormat } {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const name = (at: number): string => String.fromCharCode(...file.subarray(at, at + 4));
  let format: AudioFormat | undefined;
  // Blocks follow each other, each padded to an even length.
  for (let at = 12; name(0) === "RIFF" && at + 8 <= file.length; ) {
    const [begin, length] = [at + 8, view.getUint32(at + 4, true)];
    if (name(at) === "fmt " && begin + 16 <= file.length) {
      const [channels, sampleRate, bits] = [
        view.getUint16(begin + 2, true),
        view.getUint32(begin + 4, true),
        view.getUint16(begin + 14, true),
      ];
      if (bits === 16 && (channels === 1 || channels === 2)) format = { sampleRate, channels };
    } else if (name(at) === "data" && format) {
      const count = Math.floor(Math.min(length, file.length - begin) / 2);
      return { samples: Int16Array.from({ length: count }, (_, i) => view.getInt16(begin + 2 * i, true)), format };
    }
    at = begin + length + (length % 2);
  }
  throw new RoomKitError("invalid_audio", "not a WAV file of 16-bit linear PCM");
}

/** A WAV file of mono 16-bit samples, as {@link samplesOfWav} reads them. */
export function wavOfSamples(samples: Int16Array, sampleRate: number): Uint8Array {
  const header = Buffer.alloc(44);
  header.write("RIFF", 0);
  header.writeUInt32LE(36 + samples.length * 2, 4);
  header.write("WAVEfmt ", 8);
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(1, 20);
  header.writeUInt16LE(1, 22);
  header.writeUInt32LE(sampleRate, 24);
  header.writeUInt32LE(sampleRate * 2, 28);
  header.writeUInt16LE(2, 32);
  header.writeUInt16LE(16, 34);
  header.write("data", 36);
  header.writeUInt32LE(samples.length * 2, 40);
  return Buffer.concat([header, Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength)]);
}
