import { expect, it } from "vitest";
import { samplesOfWav, wavOfSamples } from "./wav.ts";

function wav(options: { bits?: number; extra?: number; samples?: number[]; claimed?: number }): Uint8Array {
  const { bits = 16, extra = 0, samples = [1, -2, 300], claimed = samples.length * 2 } = options;
  const bytes: number[] = [];
  const text = (value: string): number => bytes.push(...[...value].map((c) => c.charCodeAt(0)));
  const word = (value: number, size: number): void => {
    for (let i = 0; i < size; i++) bytes.push((value >> (8 * i)) & 0xff);
  };
  text("RIFF");
  word(0, 4);
  text("WAVE");
  if (extra) {
    text("LIST");
    word(extra, 4);
    for (let i = 0; i < extra + (extra % 2); i++) bytes.push(7);
  }
  text("fmt ");
  word(16, 4);
  for (const [value, size] of [
    [1, 2],
    [1, 2],
    [22_050, 4],
    [44_100, 4],
    [2, 2],
    [bits, 2],
  ] as const)
    word(value, size);
  text("data");
  word(claimed, 4);
  for (const sample of samples) word(sample, 2);
  return Uint8Array.from(bytes);
}

it("reads samples and format, past blocks it does not know and lengths that claim too much", () => {
  for (const options of [{}, { extra: 5 }, { extra: 4 }, { claimed: 999 }]) {
    const { samples, format } = samplesOfWav(wav(options));
    expect([...samples]).toEqual([1, -2, 300]);
    expect(format).toEqual({ sampleRate: 22_050, channels: 1 });
  }
  const padded = new Uint8Array(99);
  padded.set(wav({}), 3);
  expect([...samplesOfWav(padded.subarray(3, 3 + wav({}).length)).samples]).toEqual([1, -2, 300]);
});

it("refuses anything else", () => {
  for (const file of [new Uint8Array(0), new Uint8Array(100), wav({ bits: 8 }), wav({}).subarray(0, 30)]) {
    expect(() => samplesOfWav(file)).toThrowError(expect.objectContaining({ code: "invalid_audio" }));
  }
});

it("is written as it is read", () => {
  const samples = Int16Array.of(-32_768, 0, 1, 32_767);
  expect(samplesOfWav(wavOfSamples(samples, 24_000))).toEqual({ samples, format: { sampleRate: 24_000, channels: 1 } });
});
