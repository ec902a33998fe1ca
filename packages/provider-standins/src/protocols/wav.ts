import { RoomKitError } from "@roomkit/core";

export interface WavAudio {
  readonly samples: Int16Array;
  readonly sampleRate: number;
  readonly channels: number;
}

/** Reads a WAV file of 16-bit linear PCM. @throws RoomKitError `invalid_audio`. */
export function readWav(file: Uint8Array): WavAudio {
  const view = Buffer.from(file.buffer, file.byteOffset, file.byteLength);
  const tag = (at: number): string => view.toString("latin1", at, at + 4);
  if (view.length < 44 || tag(0) !== "RIFF" || tag(8) !== "WAVE")
    throw new RoomKitError("invalid_audio", "not a WAV file");
  let format: { channels: number; sampleRate: number } | undefined;
  for (let at = 12; at + 8 <= view.length; ) {
    const size = view.readUInt32LE(at + 4);
    const body = at + 8;
    if (body + size > view.length) throw new RoomKitError("invalid_audio", "a WAV file that is cut off");
    if (tag(at) === "fmt ") {
      const linear = view.readUInt16LE(body) === 1 && view.readUInt16LE(body + 14) === 16;
      if (!linear) throw new RoomKitError("invalid_audio", "not 16-bit linear PCM");
      format = { channels: view.readUInt16LE(body + 2), sampleRate: view.readUInt32LE(body + 4) };
    } else if (tag(at) === "data" && format) {
      const samples = new Int16Array(size >> 1);
      for (let i = 0; i < samples.length; i++) samples[i] = view.readInt16LE(body + i * 2);
      return { ...format, samples };
    }
    at = body + size + (size & 1);
  }
  throw new RoomKitError("invalid_audio", "a WAV file without audio");
}
