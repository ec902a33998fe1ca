import { describe, expect, it } from "vitest";
import { type EngineData, loadEngine, type OnlineJob, type OnlineResult } from "./engine.ts";
import { FakeSherpa } from "./fake-sherpa.fixture.ts";

const load = (kind: EngineData["kind"], sherpa = new FakeSherpa()) =>
  loadEngine(sherpa.library, { kind, config: {} }) as unknown as (job: unknown, signal?: AbortSignal) => unknown;

/** Audio in which each sample is a word of the fake's language. */
const words = (...codes: number[]): Float32Array => Float32Array.from(codes);

describe("a worker for streaming models", () => {
  const start = () => load("online") as (job: OnlineJob) => OnlineResult;

  it("keeps streams apart, settles at pauses and at the end", () => {
    const feed = start();
    expect(feed({ stream: 1, position: "first", samples: words(1) })).toEqual({ text: "one", settled: false });
    expect(feed({ stream: 2, position: "first", samples: words(2) })).toEqual({ text: "two", settled: false });
    expect(feed({ stream: 1, position: "next", samples: words(3, 0) })).toEqual({ text: "one three", settled: true });
    expect(feed({ stream: 1, position: "next", samples: words(2) })).toEqual({ text: "two", settled: false });
    expect(feed({ stream: 2, position: "last", samples: words(1) })).toEqual({ text: "two one", settled: true });
    expect(feed({ stream: 3, position: "only", samples: words(3) })).toEqual({ text: "three", settled: true });
  });

  it("knows nothing of a stream that ended, was dropped, or lived in a process before it", () => {
    const feed = start();
    feed({ stream: 1, position: "only", samples: words(1) });
    feed({ stream: 2, position: "first", samples: words(1) });
    feed({ stream: 2, position: "dropped", samples: words() });
    for (const stream of [1, 2, 3]) {
      const next = () => feed({ stream, position: "next", samples: words(1) });
      expect(next).toThrow(expect.objectContaining({ code: "worker_crashed", retryable: true }));
    }
  });
});

describe("a worker for voices", () => {
  it("speaks, and knows how many speakers it has", async () => {
    const speak = load("tts");
    const { signal } = new AbortController();
    const spoken = await speak({ text: "abc", speaker: 1, speed: 1 }, signal);
    expect(spoken).toMatchObject({ sampleRate: 22_050, samples: { length: 3 * 441 } });
    await expect(speak({ text: "abc", speaker: 2, speed: 1 }, signal)).rejects.toMatchObject({ code: "unknown_voice" });
  });

  it("stops in the middle when told to", async () => {
    const sherpa = new FakeSherpa();
    const abort = new AbortController();
    sherpa.onChunk = () => abort.abort();
    await expect(load("tts", sherpa)({ text: "abcdef", speaker: 0, speed: 1 }, abort.signal)).rejects.toThrow();
    expect(sherpa.chunks).toBe(1);
  });
});

describe("a worker for embeddings", () => {
  it("gives the voice, and refuses what is too short", () => {
    const judge = load("embedding");
    expect(judge({ samples: new Float32Array(1_600).fill(0.5) })).toEqual(Float32Array.of(0.5, 1));
    expect(() => judge({ samples: new Float32Array(1) })).toThrow(expect.objectContaining({ code: "invalid_audio" }));
  });
});

it("a model that is refused is `model_invalid`", () => {
  const { library } = new FakeSherpa();
  const OfflineTts = class {
    constructor() {
      throw new Error("Please check your config!");
    }
  } as never;
  const refused = () => loadEngine({ ...library, OfflineTts }, { kind: "tts", config: {} });
  expect(refused).toThrow(expect.objectContaining({ code: "model_invalid" }));
});

describe("a worker for whole utterances", () => {
  it("gives trimmed text and the language as a tag", async () => {
    expect(await load("offline")({ samples: words(1, 2) })).toEqual({ text: "one two", language: "en" });
    expect(await load("offline")({ samples: words() })).toEqual({ text: "", language: "en" });
  });
});
