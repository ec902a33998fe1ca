import type { AudioFormat } from "@roomkit/core";
import { bytesOfSamples } from "./pcm-bytes.ts";

/** A WAV file (RIFF, 16-bit linear PCM, 44-byte header) of the given pieces of one stream, for vendors that take files. */
export function wavOfSamples(pieces: readonly Int16Array[], format: AudioFormat): Uint8Array {
  const dataBytes = pieces.reduce((sum, piece) => sum + piece.length * 2, 0);
  const { sampleRate, channels } = format;
  const file = Buffer.alloc(44 + dataBytes);
  file.write("RIFF", 0, "latin1");
  file.writeUInt32LE(36 + dataBytes, 4);
  file.write("WAVEfmt ", 8, "latin1");
  file.writeUInt32LE(16, 16); // length of the format block
  file.writeUInt16LE(1, 20); // linear PCM
  file.writeUInt16LE(channels, 22);
  file.writeUInt32LE(sampleRate, 24);
  file.writeUInt32LE(sampleRate * channels * 2, 28); // bytes per second
  file.writeUInt16LE(channels * 2, 32); // bytes per sample group
  file.writeUInt16LE(16, 34); // bits per sample
  file.write("data", 36, "latin1");
  file.writeUInt32LE(dataBytes, 40);
  let at = 44;
  for (const piece of pieces) {
    file.set(bytesOfSamples(piece), at);
    at += piece.length * 2;
  }
  return file;
}
