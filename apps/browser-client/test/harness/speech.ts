import { readFileSync } from "node:fs";

/** The samples of one of the page's recordings (16 kHz, one channel, header of 44 bytes). */
function recording(file: string): Int16Array {
  const bytes = readFileSync(new URL(`../../public/samples/${file}`, import.meta.url));
  return new Int16Array(Uint8Array.from(bytes.subarray(44)).buffer);
}

/** Something like speech of any length: the recordings, one after the other. */
export function speech(seconds: number): Int16Array {
  const parts = [recording("weather.wav"), recording("joke.wav")];
  const result = new Int16Array(Math.round(seconds * 16_000));
  for (let at = 0, i = 0; at < result.length; i++) {
    const part = parts[i % parts.length] as Int16Array;
    result.set(part.subarray(0, result.length - at), at);
    at += part.length;
  }
  return result;
}
