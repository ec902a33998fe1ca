// Makes public/samples/*.wav, the recordings behind "No microphone? Send a sample": spoken by CMU Flite's voice awb, which
// @roomkit/provider-flite brings. Run it after changing src/model/samples.ts: npm run make-samples
import { mkdirSync, writeFileSync } from "node:fs";
import { fliteTts } from "@roomkit/provider-flite";
import { samples } from "../src/model/samples.ts";

const RATE = 16_000;
const folder = new URL("../public/samples/", import.meta.url);
const tts = fliteTts({ voice: "awb" });
mkdirSync(folder, { recursive: true });
for (const { file, text } of samples) {
  const speech = await say(text);
  writeFileSync(new URL(file, folder), wav(trim(speech)));
  console.log(`${file}: ${text}`);
}
await tts.close?.();

async function say(text: string): Promise<number[]> {
  async function* once(): AsyncGenerator<string> {
    yield text;
  }
  const speech: number[] = [];
  for await (const part of tts.synthesize(once(), { signal: new AbortController().signal })) {
    if (part.type !== "audio") continue;
    if (part.frame.sampleRate !== RATE) throw new Error(`expected ${RATE} Hz, got ${part.frame.sampleRate}`);
    for (const sample of part.frame.samples) speech.push(sample);
  }
  return speech;
}

/** Leaves 60 ms of silence on each side. */
function trim(speech: number[]): Int16Array {
  const loud = (sample: number): boolean => Math.abs(sample) > 200;
  const margin = RATE * 0.06;
  const from = Math.max(0, speech.findIndex(loud) - margin);
  return Int16Array.from(speech.slice(from, speech.findLastIndex(loud) + margin));
}

/** A RIFF file of one channel of 16-bit samples. */
function wav(samples: Int16Array): Buffer {
  const header = Buffer.alloc(44);
  header.write("RIFF", 0);
  header.writeUInt32LE(36 + samples.byteLength, 4);
  header.write("WAVEfmt ", 8);
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(1, 20);
  header.writeUInt16LE(1, 22);
  header.writeUInt32LE(RATE, 24);
  header.writeUInt32LE(RATE * 2, 28);
  header.writeUInt16LE(2, 32);
  header.writeUInt16LE(16, 34);
  header.write("data", 36);
  header.writeUInt32LE(samples.byteLength, 40);
  return Buffer.concat([header, Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength)]);
}
