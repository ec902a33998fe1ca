import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type AudioFrame, RoomKitError, type SpeakerEvent } from "@roomkit/core";
import { inFrames, inSequence, quiet } from "@roomkit/testing";
import { afterAll, describe, expect, it } from "vitest";
import { FakePool } from "../native/fake-pool.fixture.ts";
import { SpeakerDiarizer } from "./diarizer.ts";
import { KnownVoices } from "./known-voices.ts";
import { sherpaSpeakerEmbedding } from "./sherpa-speaker-embedding.ts";

describe("KnownVoices", () => {
  it("gives each voice one name, for as long as the stream lasts", () => {
    const voices = new KnownVoices(0.8, 8);
    const names = [
      [1, 0],
      [0.9, 0.1],
      [0, 1],
      [20, 1],
      [0.1, 0.9],
      [-1, 0],
    ].map(([a = 0, b = 0]) => voices.recognise(Float32Array.of(a, b))?.speaker);
    expect(names).toEqual(["speaker-1", "speaker-1", "speaker-2", "speaker-1", "speaker-2", "speaker-3"]);
    voices.clear();
    expect(voices.recognise(Float32Array.of(0, 1))?.speaker).toBe("speaker-1");
  });

  it("never knows more than it may, nor anything of nothing", () => {
    const voices = new KnownVoices(0.9, 2);
    expect(voices.recognise(Float32Array.of(0, 0))).toBeUndefined();
    expect(voices.recognise(Float32Array.of(Number.NaN, 1))).toBeUndefined();
    voices.recognise(Float32Array.of(1, 0, 0));
    voices.recognise(Float32Array.of(0, 1, 0));
    const third = voices.recognise(Float32Array.of(0.1, 0.3, 1));
    expect(third).toMatchObject({ speaker: "speaker-2" });
    expect(third?.likeness).toBeLessThan(0.9);
  });
});

const format = { sampleRate: 16_000, channels: 1 } as const;
const settings = { windowMs: 500, threshold: 0.8, maxSpeakers: 4, minLevel: 300 };
/** A voice by its level: the fake embedding tells loud from soft. */
const loud = new Int16Array(16_000).fill(16_000);
const soft = new Int16Array(16_000).fill(1_000);
const byLevel = (): FakePool<{ readonly samples: Float32Array }, Float32Array> =>
  new FakePool(({ samples }) => ((samples[0] ?? 0) > 0.1 ? Float32Array.of(1, 0) : Float32Array.of(0, 1)));

async function hear(diarizer: SpeakerDiarizer, samples: Int16Array): Promise<SpeakerEvent[]> {
  const events: SpeakerEvent[] = [];
  for (const frame of inFrames(samples, format)) {
    const event = diarizer.process(frame);
    if (event) events.push(event);
    for (let i = 0; i < 3; i++) await new Promise((resolve) => setImmediate(resolve));
  }
  return events;
}

describe("SpeakerDiarizer", () => {
  it("tells of changes, at the time of the speech that was judged", async () => {
    const diarizer = new SpeakerDiarizer(byLevel(), settings);
    const events = await hear(diarizer, inSequence(quiet(16_000, 200), loud, quiet(16_000, 700), soft, loud));
    expect(events).toEqual([
      { speaker: "speaker-1", confidence: 1, timestamp: 200 },
      { speaker: "speaker-2", confidence: 1, timestamp: 1_900 },
      { speaker: "speaker-1", confidence: 1, timestamp: 2_900 },
    ]);
  });

  it("hears nobody in silence, and does not carry half a window over a pause", async () => {
    const pool = byLevel();
    const half = loud.subarray(0, 6_400);
    await hear(new SpeakerDiarizer(pool, settings), inSequence(half, quiet(16_000, 800), half, quiet(16_000, 800)));
    expect(pool.jobs).toEqual([]);
  });

  it("forgets everybody on reset and does nothing after close", async () => {
    const pool = byLevel();
    const diarizer = new SpeakerDiarizer(pool, settings);
    await hear(diarizer, loud);
    diarizer.reset();
    expect((await hear(diarizer, inSequence(soft))).map(({ speaker }) => speaker)).toEqual(["speaker-1"]);
    const frame = inFrames(soft.subarray(0, 8_000), format, 8_000)[0] as AudioFrame;
    diarizer.process(frame);
    diarizer.close();
    const jobs = pool.jobs.length;
    expect(await hear(diarizer, loud)).toEqual([]);
    expect(pool.jobs.length).toBe(jobs);
    expect(pool.aborted).toBeGreaterThan(0);
  });

  it("throws what went wrong once", async () => {
    const pool = new FakePool<{ readonly samples: Float32Array }, Float32Array>(() => {
      throw new RoomKitError("worker_crashed", "made to fail");
    });
    const diarizer = new SpeakerDiarizer(pool, settings);
    await expect(hear(diarizer, loud)).rejects.toMatchObject({ code: "worker_crashed" });
    expect(await hear(diarizer, loud)).toEqual([]);
  });
});

describe("sherpaSpeakerEmbedding", () => {
  const folder = mkdtempSync(join(tmpdir(), "roomkit-sherpa-"));
  afterAll(() => rmSync(folder, { recursive: true }));
  const model = join(folder, "voice.onnx");
  writeFileSync(
    model,
    Uint8Array.from({ length: 100 }, (_, i) => (i === 0 ? 8 : 7)),
  );

  it("refuses a model that is not there, options out of range and other formats", async () => {
    const missing = () => sherpaSpeakerEmbedding({ model: join(folder, "none.onnx") });
    expect(missing).toThrow(expect.objectContaining({ code: "model_not_found" }));
    const far = () => sherpaSpeakerEmbedding({ model, threshold: 2 });
    expect(far).toThrow(expect.objectContaining({ code: "invalid_option" }));
    const factory = sherpaSpeakerEmbedding({ model });
    const open = () => factory.open({ sampleRate: 8_000, channels: 1 });
    expect(open).toThrow(expect.objectContaining({ code: "unsupported_format" }));
    await factory.close();
  });

  it("outlives a model the library cannot run", { timeout: 60_000 }, async () => {
    const factory = sherpaSpeakerEmbedding({ model });
    await expect(factory.warmUp()).rejects.toMatchObject({ code: "worker_crashed" });
    await factory.close();
  });
});
