import { type AudioFrame, silence } from "@roomkit/core";
import { expect, it } from "vitest";
import { wavSegments } from "./wav-segments.ts";

const { signal } = new AbortController();
async function* audio(count: number, rate = 16_000): AsyncGenerator<AudioFrame> {
  for (let i = 0; i < count; i++) yield silence({ sampleRate: rate, channels: 1 }, 20, i * 20);
}
async function lengths(
  source: AsyncIterable<AudioFrame>,
  options: { maxMs: number; minMs?: number },
): Promise<[number, number][]> {
  const found: [number, number][] = [];
  for await (const { wav, startMs } of wavSegments(source, { ...options, signal }))
    found.push([startMs, (wav.length - 44) / 32]);
  return found;
}

it.each([
  ["one file for short audio", 10, { maxMs: 1_000 }, [[0, 200]]],
  [
    "several for long audio, each with where it begins",
    120,
    { maxMs: 1_000 },
    [
      [0, 1_000],
      [1_000, 1_000],
      [2_000, 400],
    ],
  ],
  ["no rest where the audio ends with a file", 50, { maxMs: 1_000 }, [[0, 1_000]]],
  ["none for a rest too short to hold a word", 52, { maxMs: 1_000, minMs: 100 }, [[0, 1_000]]],
  ["none for no audio", 0, { maxMs: 1_000 }, []],
])("%s", async (_what, frames, options, expected) => {
  expect(await lengths(audio(frames), options)).toEqual(expected);
});

it("refuses a stream that changes its format", async () => {
  async function* changing() {
    yield* audio(2);
    yield* audio(2, 8_000);
  }
  await expect(lengths(changing(), { maxMs: 1_000 })).rejects.toMatchObject({ code: "unsupported_format" });
});

it("ends when it is aborted, also while no audio comes", async () => {
  const abort = new AbortController();
  const silent = { [Symbol.asyncIterator]: () => ({ next: () => new Promise<IteratorResult<AudioFrame>>(() => {}) }) };
  const first = wavSegments(silent, { maxMs: 1_000, signal: abort.signal }).next();
  abort.abort();
  await expect(first).rejects.toMatchObject({ code: "aborted" });
});
