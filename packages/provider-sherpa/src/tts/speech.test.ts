import { AbortScope, type SpeechPart } from "@roomkit/core";
import { describe, expect, it } from "vitest";
import { loadEngine, type SpeechJob, type SpeechResult } from "../native/engine.ts";
import { FakePool } from "../native/fake-pool.fixture.ts";
import { FakeSherpa } from "../native/fake-sherpa.fixture.ts";
import { speech } from "./speech.ts";

function fakePool(): FakePool<SpeechJob, SpeechResult> {
  const engine = loadEngine(new FakeSherpa().library, { kind: "tts", config: {} }) as unknown as (
    job: SpeechJob,
    signal: AbortSignal,
  ) => Promise<SpeechResult>;
  return new FakePool(engine);
}

async function* pieces(...texts: string[]): AsyncGenerator<string> {
  yield* texts;
}

const settings = { speaker: 0, speed: 1 };

async function collect(stream: AsyncIterable<SpeechPart>): Promise<SpeechPart[]> {
  const parts: SpeechPart[] = [];
  for await (const part of stream) parts.push(part);
  return parts;
}

describe("speech", () => {
  it("is one line of 20 ms frames, with the pieces where they begin", async () => {
    const pool = fakePool();
    const scope = new AbortScope();
    const parts = await collect(speech(pieces("ab", "...", "cde"), { pool, settings, sampleRate: 22_050, scope }));
    const kinds = parts.map((part) => (part.type === "segment" ? part.text : part.type));
    expect(kinds).toEqual(["ab", "audio", "audio", "cde", "audio", "audio", "audio"]);
    const frames = parts.flatMap((part) => (part.type === "audio" ? [part.frame] : []));
    frames.forEach((frame, i) => {
      expect(frame).toMatchObject({ sampleRate: 22_050, channels: 1, samples: { length: 441 } });
      expect(frame.timestamp).toBeCloseTo(20 * i, 6);
      expect(frame.samples[0]).toBe(16_384);
    });
    expect(pool.jobs.map(({ text }) => text)).toEqual(["ab", "cde"]);
    expect(scope.size).toBe(0);
  });

  it("synthesizes no further ahead than one piece", async () => {
    const pool = fakePool();
    const stream = speech(pieces("a", "b", "c", "d"), { pool, settings, sampleRate: 22_050, scope: new AbortScope() });
    await stream.next();
    for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
    expect(pool.jobs.length).toBe(2);
    await stream.return();
  });

  it("ends what is ahead, and its text, when nobody listens", async () => {
    let left = false;
    const endless = async function* (): AsyncGenerator<string> {
      try {
        for (;;) yield "word";
      } finally {
        left = true;
      }
    };
    const pool = fakePool();
    const scope = new AbortScope();
    const stream = speech(endless(), { pool, settings, sampleRate: 22_050, scope });
    await stream.next();
    await stream.return();
    for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve));
    expect({ left, running: pool.running, children: scope.size }).toEqual({ left: true, running: 0, children: 0 });
  });

  it("ends with `aborted` while text is awaited", async () => {
    const never = (async function* (): AsyncGenerator<string> {
      await new Promise(() => {});
    })();
    const scope = new AbortScope();
    const result = collect(speech(never, { pool: fakePool(), settings, sampleRate: 22_050, scope }));
    scope.abort();
    await expect(result).rejects.toMatchObject({ code: "aborted" });
  });

  it("refuses a model of another rate", async () => {
    const context = { pool: fakePool(), settings, sampleRate: 16_000, scope: new AbortScope() };
    await expect(collect(speech(pieces("a"), context))).rejects.toMatchObject({ code: "unsupported_format" });
  });
});
