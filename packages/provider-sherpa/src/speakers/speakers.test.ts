import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type AudioFrame, RoomKitError, type SpeakerEvent } from "@roomkit/core";
import { inFrames, inSequence, quiet, stageConformance } from "@roomkit/testing";
import { afterAll, describe, expect, it } from "vitest";
import type { AudioJob } from "../native/engine.ts";
import { FakePool } from "../native/fake-pool.fixture.ts";
import { SpeakerDiarizer } from "./diarizer.ts";
import { EnrolledVoices } from "./enrolled-voices.ts";
import { settingsOf, sherpaSpeakerEmbedding, speakersOn } from "./sherpa-speaker-embedding.ts";

const format = { sampleRate: 16_000, channels: 1 } as const;
const settings = settingsOf({ windowMs: 500, threshold: 0.8, maxSpeakers: 4 });
/** A voice by its level: the fake embedding tells loud from soft. */
const loud = new Int16Array(16_000).fill(16_000);
const soft = new Int16Array(16_000).fill(1_000);
/** Of each a second, and some frames more for what was judged last. */
const [loudly, softly] = [inSequence(loud, quiet(16_000, 60)), inSequence(soft, quiet(16_000, 60))];
type Pool = FakePool<AudioJob, Float32Array>;
const embed = ({ samples }: AudioJob): Float32Array => Float32Array.from((samples[0] ?? 0) > 0.1 ? [1, 0] : [0, 1]);
const byLevel = (): Pool => new FakePool(embed);
const turns = async (count: number): Promise<void> => {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setImmediate(resolve));
};

async function hear(diarizer: SpeakerDiarizer, samples: Int16Array): Promise<SpeakerEvent[]> {
  const events: SpeakerEvent[] = [];
  for (const frame of inFrames(samples, format)) {
    const event = diarizer.process(frame);
    if (event) events.push(event);
    await turns(3);
  }
  return events;
}

describe("conformance", () => {
  const pool = byLevel();
  const settle = async (): Promise<void> => {
    do await turns(2);
    while (pool.running > 0);
    // What is looked at is what the stage keeps, not what the pool has noted.
    pool.jobs.length = 0;
  };
  const input = inSequence(quiet(16_000, 200), loud, quiet(16_000, 800), soft, quiet(16_000, 800));
  const factory = speakersOn(pool, settings);
  for (const { name, run } of stageConformance({ factory, format, gives: "events", input, settle, minutes: 1 })) {
    it(name, { timeout: 60_000 }, run);
  }
});

describe("SpeakerDiarizer", () => {
  const open = (pool: Pool): SpeakerDiarizer => new SpeakerDiarizer(pool, settings, new EnrolledVoices(5));

  it("tells whose each stretch is, where it was", async () => {
    const events = await hear(open(byLevel()), inSequence(quiet(16_000, 200), loud, quiet(16_000, 700), soft, loud));
    const at = (speaker: string, timestamp: number) => ({ speaker, confidence: 1, timestamp, durationMs: 500 });
    expect(events).toEqual([
      at("speaker-1", 200),
      at("speaker-1", 700),
      at("speaker-2", 1_900),
      at("speaker-2", 2_400),
      at("speaker-1", 2_900),
    ]);
  });

  it("hears nobody in silence, and does not carry half a window over a pause", async () => {
    const pool = byLevel();
    const half = loud.subarray(0, 6_400);
    await hear(open(pool), inSequence(half, quiet(16_000, 800), half, quiet(16_000, 800)));
    expect(pool.jobs).toEqual([]);
  });

  it("counts the short pauses of a stretch to it", async () => {
    const half = loud.subarray(0, 4_800);
    const events = await hear(open(byLevel()), inSequence(half, quiet(16_000, 400), half, quiet(16_000, 100)));
    expect(events).toEqual([{ speaker: "speaker-1", confidence: 1, timestamp: 0, durationMs: 900 }]);
  });

  it("judges what there is when somebody has stopped, by those it knows", async () => {
    const long = settingsOf({ windowMs: 1_000 });
    const pool = byLevel();
    const diarizer = new SpeakerDiarizer(pool, long, new EnrolledVoices(5));
    expect(await hear(diarizer, soft)).toEqual([]);
    // The window is full, and its judgement is waited for.
    expect(await diarizer.settle()).toEqual([{ speaker: "speaker-1", confidence: 1, timestamp: 0, durationMs: 1_000 }]);
    await hear(diarizer, soft.subarray(0, 9_600));
    expect(await diarizer.settle()).toMatchObject([{ speaker: "speaker-1", durationMs: 600 }]);
    // Too little, and of somebody it does not know.
    await hear(diarizer, soft.subarray(0, 6_400));
    expect(await diarizer.settle()).toEqual([]);
    await hear(diarizer, loud.subarray(0, 9_600));
    expect(await diarizer.settle()).toEqual([]);
    expect(pool.jobs.map(({ samples }) => samples.length)).toEqual([16_000, 9_600, 9_600]);
  });

  it("keeps a few windows for an engine that is slow, and leaves out the rest", async () => {
    const waiting: (() => void)[] = [];
    const pool: Pool = new FakePool(async (job) => {
      await new Promise<void>((resolve) => waiting.push(resolve));
      return embed(job);
    });
    const diarizer = open(pool);
    await hear(diarizer, inSequence(loud, soft, loud));
    const settled = diarizer.settle();
    for (let i = 0; i < 3; i++) {
      await turns(3);
      waiting.shift()?.();
    }
    expect((await settled).map(({ timestamp }) => timestamp)).toEqual([0, 500, 1_000]);
    await turns(5);
    expect([waiting.length, pool.jobs.length]).toEqual([0, 3]);
    await hear(diarizer, soft);
    expect(pool.jobs.length).toBe(4);
    diarizer.close();
  });

  it("forgets everybody on reset and does nothing after close, who waits is told", async () => {
    const pool = byLevel();
    const diarizer = open(pool);
    await hear(diarizer, loud);
    diarizer.reset();
    expect((await hear(diarizer, softly)).map(({ speaker }) => speaker)).toEqual(["speaker-1", "speaker-1"]);
    diarizer.process(inFrames(soft.subarray(0, 8_000), format, 8_000)[0] as AudioFrame);
    const settled = diarizer.settle();
    await Promise.resolve();
    await Promise.resolve();
    diarizer.close();
    diarizer.close();
    expect(await settled).toEqual([]);
    const jobs = pool.jobs.length;
    expect(await hear(diarizer, loud)).toEqual([]);
    expect(await diarizer.settle()).toEqual([]);
    expect(pool.jobs.length).toBe(jobs);
    expect(pool.aborted).toBeGreaterThan(0);
  });

  it("throws what went wrong, lets nobody wait for it, and gives up when it always does", async () => {
    let jobs = 0;
    const pool: Pool = new FakePool(() => {
      jobs++;
      throw new RoomKitError("worker_crashed", "made to fail");
    });
    const diarizer = open(pool);
    for (let i = 0; i < 20; i++) {
      await expect(hear(diarizer, loud)).rejects.toMatchObject({ code: "worker_crashed" });
      expect(await diarizer.settle()).toEqual([]);
    }
    expect(jobs).toBe(5);
  });
});

describe("enrolment", () => {
  const frame = (samples: Int16Array): AudioFrame => ({ samples, ...format, timestamp: 0 });

  it("makes a voice known to every stream, and known no more", async () => {
    const factory = speakersOn(byLevel(), settings);
    const diarizer = factory.open(format) as SpeakerDiarizer;
    expect((await hear(diarizer, loudly)).map(({ speaker }) => speaker)).toEqual(["speaker-1", "speaker-1"]);
    const voice = await factory.enroll(
      "Anna",
      inFrames(inSequence(quiet(16_000, 300), loud, quiet(16_000, 900), loud), format),
    );
    expect([...voice]).toEqual([1, 0]);
    expect(factory.enrolled).toEqual(["Anna"]);
    const [first, second] = await hear(diarizer, loudly);
    expect(first).toMatchObject({ speaker: "Anna", renames: "speaker-1" });
    expect(second).not.toHaveProperty("renames");
    expect(await hear(factory.open(format) as SpeakerDiarizer, loudly)).toMatchObject([
      { speaker: "Anna" },
      { speaker: "Anna" },
    ]);
    expect(factory.remove("Anna")).toBe(true);
    expect(await hear(diarizer, loudly)).toMatchObject([{ speaker: "speaker-2" }, { speaker: "speaker-2" }]);
    expect(factory.remove("Anna")).toBe(false);
    const other = speakersOn(byLevel(), settings);
    expect(await other.enroll("Anna", voice)).toEqual(voice);
    expect(await hear(other.open(format) as SpeakerDiarizer, loudly)).toMatchObject([
      { speaker: "Anna" },
      { speaker: "Anna" },
    ]);
    await other.close();
    expect(other.enrolled).toEqual([]);
  });

  it.each<[string, unknown, string, string?]>([
    ["too little speech", frame(inSequence(quiet(16_000, 5_000), loud.subarray(0, 7_000))), "invalid_audio"],
    ["nothing", [], "invalid_audio"],
    ["a minute and more", Array.from({ length: 61 }, () => frame(loud)), "invalid_audio"],
    ["no audio", { samples: [1, 2] }, "invalid_audio"],
    ["another rate", { ...frame(loud), sampleRate: 8_000 }, "unsupported_format"],
    ["an embedding of nothing", new Float32Array(2), "invalid_audio"],
    ["the name of a stranger", frame(loud), "invalid_option", "speaker-1"],
    ["one voice too many", frame(loud), "too_many_voices", "Ben"],
  ])("refuses %s", async (_, voice, code, name = "Anna") => {
    const pool = byLevel();
    const factory = speakersOn(pool, settingsOf({ windowMs: 500, maxEnrolled: 1 }));
    if (code === "too_many_voices") await factory.enroll("Anna", frame(loud));
    const jobs = pool.jobs.length;
    await expect(factory.enroll(name, voice as AudioFrame)).rejects.toMatchObject({ code });
    expect(pool.jobs.length).toBe(jobs);
  });

  it("can be called off, and comes to nothing after the end", async () => {
    const factory = speakersOn(byLevel(), settings);
    const signal = AbortSignal.abort();
    await expect(factory.enroll("Anna", frame(loud), { signal })).rejects.toMatchObject({ code: "aborted" });
    const late = factory.enroll("Anna", frame(loud));
    const closed = factory.close();
    await expect(late).rejects.toMatchObject({ code: "closed" });
    await closed;
    expect(factory.enrolled).toEqual([]);
  });

  it("of a voice that says nothing is refused", async () => {
    const factory = speakersOn(new FakePool<AudioJob, Float32Array>(() => new Float32Array(2)), settings);
    await expect(factory.enroll("Anna", frame(loud))).rejects.toMatchObject({ code: "invalid_audio" });
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
    for (const far of [{ threshold: 2 }, { enrolledThreshold: -1 }, { maxEnrolled: 0 }, { windowMs: 10 }]) {
      expect(() => sherpaSpeakerEmbedding({ model, ...far })).toThrow(
        expect.objectContaining({ code: "invalid_option" }),
      );
    }
    const factory = sherpaSpeakerEmbedding({ model });
    const open = () => factory.open({ sampleRate: 8_000, channels: 1 });
    expect(open).toThrow(expect.objectContaining({ code: "unsupported_format" }));
    await factory.close();
    await factory.close();
  });

  it("is as strict with voices that are enrolled as with others, unless it is told otherwise", () => {
    expect(settingsOf({ threshold: 0.7 }).enrolledThreshold).toBe(0.7);
    expect(settingsOf({ enrolledThreshold: 0.9 })).toMatchObject({ threshold: 0.5, enrolledThreshold: 0.9 });
  });

  it("outlives a model the library cannot run", { timeout: 60_000 }, async () => {
    const factory = sherpaSpeakerEmbedding({ model });
    await expect(factory.warmUp()).rejects.toMatchObject({ code: "worker_crashed" });
    await factory.close();
  });
});
