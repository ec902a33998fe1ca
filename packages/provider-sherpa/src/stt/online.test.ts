import { type AudioFrame, abortedError, RoomKitError, type SttProvider, type TranscriptPart } from "@roomkit/core";
import { inFrames, type SpeechSample, sttConformance } from "@roomkit/testing";
import { describe, expect, it } from "vitest";
import { loadEngine, type OnlineJob, type OnlineResult } from "../native/engine.ts";
import { FakePool } from "../native/fake-pool.fixture.ts";
import { FakeSherpa } from "../native/fake-sherpa.fixture.ts";
import { OnlineStreams } from "./online.ts";

const format = { sampleRate: 16_000, channels: 1 } as const;

/** Every sample a word, scaled so that it arrives as its number: the fake's language in 16 bits is 32,768 times a word. */
function fakePool(): FakePool<OnlineJob, OnlineResult> {
  const engine = loadEngine(new FakeSherpa().library, { kind: "online", config: {} }) as unknown as (
    job: OnlineJob,
  ) => OnlineResult;
  return new FakePool((job) => {
    const samples = Float32Array.from(
      [...job.samples].map((value) => Math.round(value * 10)).filter((code) => code > 0),
    );
    return engine({ ...job, samples });
  });
}

/** 120 ms of silence with one sample that is the word. */
function sample(...codes: number[]): SpeechSample {
  const frames = codes.flatMap((code, n) => {
    const samples = new Int16Array(1_920);
    samples[700] = code * 3_277;
    return inFrames(samples, format, 320, n * 120);
  });
  const text = codes.map((code) => ["", "one", "two", "three"][code]).join(" ");
  return { frames, matches: (heard) => heard === text };
}

function provider(pool = fakePool(), limit = 8): SttProvider {
  const streams = new OnlineStreams(pool, limit);
  const closing = new AbortController();
  return {
    name: "streams",
    capabilities: { streaming: true, turnDetection: false, wordTimings: false, sampleRate: 16_000 },
    async *transcribe(audio, options): AsyncGenerator<TranscriptPart> {
      const signal = AbortSignal.any([options.signal, closing.signal]);
      if (signal.aborted) throw abortedError(signal);
      yield* streams.transcript(audio, { chunk: 1_600, signal });
    },
    async close() {
      closing.abort(new RoomKitError("closed", "closed"));
    },
  };
}

describe("a streaming transcript", () => {
  const samples = [sample(1, 2, 3), sample(3, 3)] as const;
  for (const { name, run } of sttConformance({ create: () => provider(), samples })) it(name, run);
});

describe("the streams of a provider", () => {
  const run = async (streams: OnlineStreams, audio: AsyncIterable<AudioFrame>): Promise<TranscriptPart[]> => {
    const parts: TranscriptPart[] = [];
    const { signal } = new AbortController();
    for await (const part of streams.transcript(audio, { chunk: 1_600, signal })) parts.push(part);
    return parts;
  };
  async function* of(frames: readonly AudioFrame[]): AsyncGenerator<AudioFrame> {
    yield* frames;
  }

  it("are bounded, and free again when they end", async () => {
    const streams = new OnlineStreams(fakePool(), 1);
    const { signal } = new AbortController();
    const first = streams.transcript(of(sample(1, 2, 3).frames), { chunk: 1_600, signal });
    await first.next();
    expect(streams.open).toBe(1);
    await expect(run(streams, of(sample(1).frames))).rejects.toMatchObject({ code: "busy", retryable: true });
    await first.return();
    expect(streams.open).toBe(0);
    expect((await run(streams, of(sample(2).frames))).at(-1)).toEqual({ type: "final", text: "two" });
  });

  it("are dropped in the worker when left", async () => {
    const pool = fakePool();
    const streams = new OnlineStreams(pool, 1);
    const { signal } = new AbortController();
    const stream = streams.transcript(of(sample(1, 2).frames), { chunk: 1_600, signal });
    await stream.next();
    await stream.return();
    expect(pool.jobs.at(-1)?.position).toBe("dropped");
    await run(streams, of(sample(1).frames));
    expect(pool.jobs.at(-1)?.position).toBe("last");
  });

  it("take back a guess that came to nothing", async () => {
    const answers = [
      { text: "hm", settled: false },
      { text: "", settled: true },
    ];
    const pool = new FakePool<OnlineJob, OnlineResult>(() => answers.shift() ?? { text: "", settled: true });
    const parts = await run(new OnlineStreams(pool, 1), of(sample(1, 1).frames));
    expect(parts).toEqual([
      { type: "partial", text: "hm" },
      { type: "partial", text: "" },
    ]);
  });
});
