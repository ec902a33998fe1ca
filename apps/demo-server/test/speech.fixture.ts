import { existsSync, readFileSync } from "node:fs";
import { endianness } from "node:os";
import { type AudioFrame, systemClock } from "@roomkit/core";
import { createResampler } from "@roomkit/pipeline";
import { fliteTts } from "@roomkit/provider-flite";

/** Recorded human speech from Debian packages: the words in it that any recogniser should get. */
export const recordings = {
  goForward: { file: "/usr/share/pocketsphinx/test/data/goforward.raw", says: /go forward,? (?:10|ten) meters/i },
  frontCenter: { file: "/usr/share/sounds/alsa/Front_Center.wav", says: /front center/i },
  bigDog: { file: "/usr/share/codec2/wav/big_dog.wav", says: /dog/i },
} as const;

/** Whether the recordings are on this machine; npm test installs them where it can. */
export const haveRecordings = Object.values(recordings).every(({ file }) => existsSync(file));

export interface Sound {
  readonly samples: Int16Array;
  readonly sampleRate: number;
}

/** Reads a 16-bit PCM file, the first channel of it: WAV, or raw at `rawRate`. */
export function readSound(file: string, rawRate = 16_000): Sound {
  const bytes = readFileSync(file);
  if (bytes.toString("latin1", 0, 4) !== "RIFF") return { samples: int16(bytes), sampleRate: rawRate };
  let channels = 1;
  let sampleRate = rawRate;
  for (let at = 12; at + 8 <= bytes.length; ) {
    const id = bytes.toString("latin1", at, at + 4);
    const size = bytes.readUInt32LE(at + 4);
    if (id === "fmt ") {
      channels = bytes.readUInt16LE(at + 10);
      sampleRate = bytes.readUInt32LE(at + 12);
    }
    if (id === "data") {
      const all = int16(bytes.subarray(at + 8, Math.min(bytes.length, at + 8 + size)));
      return { samples: all.filter((_, i) => i % channels === 0), sampleRate };
    }
    at += 8 + size + (size & 1);
  }
  throw new Error(`${file} holds no audio`);
}

export function resample({ samples, sampleRate }: Sound, to: number): Int16Array {
  if (sampleRate === to) return samples;
  const resampler = createResampler(sampleRate, to);
  return concat([resampler.process(samples), resampler.flush()]);
}

/** A sentence in the voice of flite. */
export async function spoken(text: string): Promise<Sound> {
  const tts = fliteTts({ jobTimeoutMs: 60_000 });
  const frames: AudioFrame[] = [];
  async function* once() {
    yield text;
  }
  try {
    for await (const part of tts.synthesize(once(), { signal: new AbortController().signal }))
      if (part.type === "audio") frames.push(part.frame);
  } finally {
    await tts.close?.();
  }
  return { samples: concat(frames.map((frame) => frame.samples)), sampleRate: frames[0]?.sampleRate ?? 16_000 };
}

/** A 16-bit mono WAV file: `leadMs` of quiet, the sound, `tailMs` of quiet. */
export function wavFile(sound: Sound, leadMs: number, tailMs: number): Buffer {
  const quiet = (ms: number): Int16Array => new Int16Array(Math.round((sound.sampleRate * ms) / 1000));
  const samples = concat([quiet(leadMs), sound.samples, quiet(tailMs)]);
  const bytes = Buffer.alloc(44 + samples.length * 2);
  bytes.write("RIFF", 0, "latin1");
  bytes.writeUInt32LE(36 + samples.length * 2, 4);
  bytes.write("WAVEfmt ", 8, "latin1");
  bytes.writeUInt32LE(16, 16);
  bytes.writeUInt16LE(1, 20);
  bytes.writeUInt16LE(1, 22);
  bytes.writeUInt32LE(sound.sampleRate, 24);
  bytes.writeUInt32LE(sound.sampleRate * 2, 28);
  bytes.writeUInt16LE(2, 32);
  bytes.writeUInt16LE(16, 34);
  bytes.write("data", 36, "latin1");
  bytes.writeUInt32LE(samples.length * 2, 40);
  const view = Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength);
  view.copy(bytes, 44);
  // The samples of machines that put the high byte first.
  if (endianness() === "BE") bytes.subarray(44).swap16();
  return bytes;
}

export function concat(parts: readonly Int16Array[]): Int16Array {
  const all = new Int16Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** Waits until `look` gives something, or fails with what was being waited for. */
export async function until<T>(
  what: string,
  look: () => T | undefined | false | Promise<T | undefined | false>,
  ms = 30_000,
): Promise<T> {
  const deadline = systemClock.now() + ms;
  for (;;) {
    const found = await look();
    if (found) return found;
    if (systemClock.now() > deadline) throw new Error(`waited ${ms} ms for ${what}`);
    await systemClock.sleep(20);
  }
}

function int16(bytes: Uint8Array): Int16Array {
  const samples = new Int16Array(bytes.byteLength >> 1);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let i = 0; i < samples.length; i++) samples[i] = view.getInt16(i * 2, true);
  return samples;
}
