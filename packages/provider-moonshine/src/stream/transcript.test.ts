import { getEventListeners } from "node:events";
import { AbortScope, type AudioFrame, RoomKitError, type TranscriptPart } from "@roomkit/core";
import { inFrames, inSequence, quiet, settle, speechLike, tone } from "@roomkit/testing";
import type { JobOptions } from "@roomkit/worker-pool";
import { describe, expect, it } from "vitest";
import type { MoonshineResult } from "../engine/worker.ts";
import { type TranscriptOptions, transcript } from "./transcript.ts";

const RATE = 16_000;
const FORMAT = { sampleRate: RATE, channels: 1 } as const;
const RESULT: MoonshineResult = { text: "words", tokens: 1, silence: 0, confidence: 0.9 };

/** A decode that the test ends. */
interface Job {
  readonly ms: number;
  readonly options: JobOptions;
  promoted: boolean;
  end(result?: Partial<MoonshineResult>): void;
  fail(code: string): void;
}

class FakePool {
  readonly jobs: Job[] = [];
  idle = true;
  prepared = 0;
  /** Ends jobs at once with this; undefined: the test ends them. */
  answer: ((ms: number, index: number) => Partial<MoonshineResult>) | undefined;

  prepare(): void {
    this.prepared++;
  }

  start({ samples }: { samples: Int16Array }, options: JobOptions = {}) {
    let end!: Job["end"];
    let fail!: Job["fail"];
    const result = new Promise<MoonshineResult>((resolve, reject) => {
      end = (more = {}) => resolve({ ...RESULT, ...more });
      fail = (code) => reject(new RoomKitError(code, "made to fail"));
      options.signal?.addEventListener("abort", () => reject(new RoomKitError("aborted", "aborted")));
    });
    const job: Job = { ms: samples.length / 16, options, promoted: false, end, fail };
    this.jobs.push(job);
    if (this.answer) end(this.answer(job.ms, this.jobs.length - 1));
    const promote = (): void => {
      job.promoted = true;
    };
    return { result, promote };
  }
}

/** A sound without the gaps of speech. */
const held = (ms: number): Int16Array => tone(RATE, ms, 200, 3_000);

class Harness {
  readonly pool = new FakePool();
  readonly parent = new AbortScope();
  readonly scope = this.parent.child();
  readonly parts: TranscriptPart[] = [];
  error: unknown;
  done = false;
  taken = 0;
  released = 0;
  #queue: AudioFrame[] = [];
  #ended = false;
  #wake = (): void => {};
  #position = 0;

  constructor(options: Partial<TranscriptOptions> = {}) {
    const audio: AsyncIterable<AudioFrame> = { [Symbol.asyncIterator]: () => this.#source() };
    const stream = transcript(audio, {
      pool: this.pool,
      scope: this.scope,
      guessEvery: 8_000,
      segment: 240_000,
      noiseGate: true,
      ...options,
    });
    void (async () => {
      try {
        for await (const part of stream) this.parts.push(part);
      } catch (error) {
        this.error = error;
      }
      this.done = true;
    })();
  }

  #source(): AsyncIterator<AudioFrame> {
    return {
      next: async () => {
        while (this.#queue.length === 0) {
          if (this.#ended) return { value: undefined, done: true };
          await new Promise<void>((resolve) => {
            this.#wake = resolve;
          });
        }
        this.taken++;
        return { value: this.#queue.shift() as AudioFrame, done: false };
      },
      return: async () => {
        this.released++;
        return { value: undefined, done: true };
      },
    };
  }

  async hear(...samples: Int16Array[]): Promise<void> {
    const frames = inFrames(inSequence(...samples), FORMAT, undefined, this.#position);
    this.#position += frames.length * 20;
    this.#queue.push(...frames);
    this.#wake();
    // Each frame takes a few turns of promises, not of the event loop.
    await settle(20);
  }

  async end(): Promise<void> {
    this.#ended = true;
    this.#wake();
    await settle(10);
  }

  get job(): Job {
    return this.pool.jobs.at(-1) as Job;
  }
  get texts(): string[] {
    return this.parts.map((part) => `${part.type}: ${"text" in part ? part.text : ""}`);
  }
}

const speech = (ms: number, seed = 1): Int16Array => speechLike(RATE, ms, 3_000, seed);

describe("guesses", () => {
  it("are made for every half second of new audio", async () => {
    const harness = new Harness();
    harness.pool.answer = (ms) => ({ text: `${Math.round(ms / 100)}` });
    for (let i = 0; i < 20; i++) await harness.hear(speech(100, i));
    // At 0.5, 1.0, 1.5 and 2.0 s.
    expect(harness.pool.jobs.map(({ ms }) => Math.round(ms / 100) * 100)).toEqual([500, 1_000, 1_500, 2_000]);
    expect(harness.texts).toEqual(["partial: 5", "partial: 10", "partial: 15", "partial: 20"]);
    expect(harness.pool.jobs.every(({ options }) => options.background)).toBe(true);
  });

  it("become rarer as there is more to decode for each", async () => {
    const harness = new Harness();
    harness.pool.answer = (ms) => ({ text: String(ms) });
    for (let i = 0; i < 140; i++) await harness.hear(speech(100, i));
    const lengths = harness.pool.jobs.map(({ ms }) => ms);
    const last = (lengths.at(-1) as number) - (lengths.at(-2) as number);
    expect(last).toBeGreaterThanOrEqual(1_100);
    expect(lengths.length).toBeLessThan(25);
  });

  it("are not made where no worker has nothing to do, nor two at once", async () => {
    const harness = new Harness();
    harness.pool.idle = false;
    await harness.hear(held(2_000));
    expect(harness.pool.jobs).toHaveLength(0);
    harness.pool.idle = true;
    await harness.hear(held(200));
    expect(harness.pool.jobs).toHaveLength(1);
    await harness.hear(held(3_000));
    expect(harness.pool.jobs).toHaveLength(1);
    harness.job.end();
    await harness.hear(held(200));
    expect(harness.pool.jobs).toHaveLength(2);
  });

  it("are not made of silence, and are told once", async () => {
    const harness = new Harness();
    await harness.hear(quiet(RATE, 3_000));
    expect(harness.pool.jobs).toHaveLength(0);
    harness.pool.answer = () => ({ text: "same" });
    await harness.hear(speech(2_000));
    expect(harness.pool.jobs.length).toBeGreaterThan(1);
    expect(harness.texts).toEqual(["partial: same"]);
  });

  it("that are lost cost nothing; what cannot work is known at once", async () => {
    const harness = new Harness();
    await harness.hear(speech(700));
    harness.job.fail("preempted");
    await harness.hear(speech(700, 2));
    harness.job.fail("timeout");
    await harness.hear(speech(700, 3));
    expect(harness.pool.jobs).toHaveLength(3);
    expect(harness.done).toBe(false);
    harness.job.fail("model_not_found");
    await settle(3);
    expect(harness.error).toMatchObject({ code: "model_not_found" });
    expect(harness.released).toBe(1);
  });
});

describe("the final", () => {
  it("is there already when the speaker had paused", async () => {
    const harness = new Harness();
    harness.pool.answer = (ms) => ({ text: String(ms), confidence: 0.8 });
    await harness.hear(speech(800));
    for (let i = 0; i < 5; i++) await harness.hear(quiet(RATE, 100));
    const decodes = harness.pool.jobs.length;
    await harness.end();
    expect(harness.pool.jobs).toHaveLength(decodes);
    expect(harness.parts.at(-1)).toEqual({
      type: "final",
      text: String(harness.job.ms),
      confidence: 0.8,
      language: "en",
    });
    expect(harness.done).toBe(true);
  });

  it("is guessed in the pause also where no partials are told", async () => {
    const harness = new Harness({ guessEvery: 0 });
    harness.pool.answer = () => ({ text: "hello" });
    await harness.hear(held(1_500));
    expect(harness.pool.jobs).toHaveLength(0);
    await harness.hear(quiet(RATE, 80));
    expect(harness.pool.jobs).toHaveLength(0);
    // A VAD that reports after 200 ms asks for the final just then: it must have been begun before.
    await harness.hear(quiet(RATE, 40));
    expect(harness.pool.jobs).toHaveLength(1);
    await harness.hear(quiet(RATE, 500));
    expect(harness.pool.jobs).toHaveLength(1);
    await harness.end();
    expect(harness.pool.jobs).toHaveLength(1);
    expect(harness.texts).toEqual(["final: hello"]);
  });

  it("is the guess under way when that has seen everything", async () => {
    const harness = new Harness();
    await harness.hear(speech(900));
    harness.job.end({ text: "early" });
    for (let i = 0; i < 6; i++) await harness.hear(quiet(RATE, 100));
    const decodes = harness.pool.jobs.length;
    expect(decodes).toBeGreaterThan(1);
    await harness.end();
    expect(harness.pool.jobs).toHaveLength(decodes);
    expect(harness.job.promoted).toBe(true);
    expect(harness.done).toBe(false);
    harness.job.end({ text: "late" });
    await settle(3);
    expect(harness.texts).toEqual(["partial: early", "final: late"]);
  });

  it("is decoded for itself when the guess gave way in that moment", async () => {
    const harness = new Harness();
    await harness.hear(speech(900), quiet(RATE, 600));
    await harness.end();
    expect(harness.job.promoted).toBe(true);
    const guess = harness.job;
    guess.fail("preempted");
    await settle(3);
    expect(harness.job).not.toBe(guess);
    expect(harness.job.options.background).toBe(false);
    expect(harness.job.ms).toBe(guess.ms);
    harness.job.end({ text: "after all" });
    await settle(3);
    expect(harness.texts).toEqual(["final: after all"]);
  });

  it("does not wait for a guess that missed the end of the speech", async () => {
    const harness = new Harness();
    await harness.hear(speech(600));
    const stale = harness.job;
    await harness.hear(speech(300, 2));
    expect(stale.options.signal?.aborted).toBe(false);
    for (let i = 0; i < 5; i++) await harness.hear(quiet(RATE, 100));
    expect(stale.options.signal?.aborted).toBe(true);
    expect(harness.pool.jobs).toHaveLength(2);
    harness.job.end({ text: "all of it" });
    await harness.end();
    expect(harness.pool.jobs).toHaveLength(2);
    expect(harness.texts).toEqual(["partial: all of it", "final: all of it"]);
  });

  it("takes the place of a guess that has not", async () => {
    const harness = new Harness();
    await harness.hear(speech(600));
    const guess = harness.job;
    await harness.hear(speech(600, 2));
    await harness.end();
    expect(guess.options.signal?.aborted).toBe(true);
    expect(harness.pool.jobs).toHaveLength(2);
    expect(harness.job.options.background).toBe(false);
    expect(harness.job.ms).toBe(1_200);
    harness.job.end({ text: "all of it" });
    await settle(3);
    expect(harness.texts).toEqual(["final: all of it"]);
  });

  it("is tried between words only so often, and in every long pause", async () => {
    const harness = new Harness({ guessEvery: 0 });
    harness.pool.answer = () => ({ text: "words" });
    await harness.hear(held(8_000));
    for (let i = 0; i < 10; i++) await harness.hear(quiet(RATE, 120), held(180));
    // One for each tenth of the 8 to 11 s that are decoded each time.
    expect(harness.pool.jobs.length).toBeGreaterThanOrEqual(3);
    expect(harness.pool.jobs.length).toBeLessThanOrEqual(4);
    const before = harness.pool.jobs.length;
    await harness.hear(quiet(RATE, 260));
    expect(harness.pool.jobs).toHaveLength(before + 1);
  });

  it("is decoded again when speech went on after the pause", async () => {
    const harness = new Harness();
    harness.pool.answer = (_ms, index) => ({ text: `decode ${index}` });
    await harness.hear(speech(800));
    for (let i = 0; i < 5; i++) await harness.hear(quiet(RATE, 100));
    const decodes = harness.pool.jobs.length;
    harness.pool.idle = false;
    await harness.hear(speech(400, 2));
    await harness.end();
    expect(harness.pool.jobs).toHaveLength(decodes + 1);
    expect(harness.texts.at(-1)).toBe(`final: decode ${decodes}`);
  });

  it("leaves out the quiet around the speech", async () => {
    const harness = new Harness({ guessEvery: 0 });
    harness.pool.idle = false;
    await harness.hear(quiet(RATE, 3_000), speech(1_000), quiet(RATE, 3_000));
    await harness.end();
    expect(harness.job.ms).toBeGreaterThan(1_300);
    expect(harness.job.ms).toBeLessThanOrEqual(1_560);
  });

  it("is none for silence, for noise, and for no audio", async () => {
    const silent = new Harness();
    await silent.hear(quiet(RATE, 2_000));
    await silent.end();
    expect([silent.done, silent.error, silent.pool.jobs.length, silent.texts]).toEqual([true, undefined, 0, []]);
    const none = new Harness();
    await none.end();
    expect([none.done, none.error, none.texts]).toEqual([true, undefined, []]);
    const noisy = new Harness({ guessEvery: 0 });
    noisy.pool.answer = () => ({ text: "You", silence: 0.99, confidence: 0.2 });
    await noisy.hear(speech(1_000));
    await noisy.end();
    expect([noisy.done, noisy.texts]).toEqual([true, []]);
    const ungated = new Harness({ guessEvery: 0, noiseGate: false });
    ungated.pool.answer = () => ({ text: "You", silence: 0.99, confidence: 0.2 });
    await ungated.hear(speech(1_000));
    await ungated.end();
    expect(ungated.texts).toEqual(["final: You"]);
  });

  it("takes a guess back that turned out to be noise", async () => {
    const harness = new Harness();
    await harness.hear(speech(600));
    harness.job.end({ text: "maybe" });
    harness.pool.answer = () => ({ text: "You", silence: 0.99, confidence: 0.2 });
    await harness.hear(speech(600, 2));
    await harness.end();
    expect(harness.texts).toEqual(["partial: maybe", "partial: "]);
  });

  it("fails with what its decode failed with", async () => {
    const harness = new Harness({ guessEvery: 0 });
    harness.pool.idle = false;
    await harness.hear(speech(600));
    await harness.end();
    harness.job.fail("worker_crashed");
    await settle(3);
    expect(harness.error).toMatchObject({ code: "worker_crashed" });
    expect(harness.released).toBe(1);
  });
});

describe("long speech", () => {
  it("is settled in pieces that are cut in pauses and follow each other", async () => {
    const harness = new Harness({ segment: 80_000, guessEvery: 0 });
    harness.pool.answer = (ms, index) => ({ text: `${index}:${ms}` });
    for (let i = 0; i < 4; i++) await harness.hear(speech(3_000, i), quiet(RATE, 300));
    await harness.end();
    expect(harness.done).toBe(true);
    for (const { ms } of harness.pool.jobs) expect(ms).toBeLessThanOrEqual(5_000);
    const lengths = harness.pool.jobs.filter(({ options }) => !options.background).map(({ ms }) => ms);
    let cut = 0;
    for (const [i, ms] of lengths.slice(0, 3).entries()) {
      cut += ms;
      expect(cut).toBeGreaterThan(3_000 + 3_300 * i);
      expect(cut).toBeLessThan(3_300 + 3_300 * i);
    }
    expect(harness.parts.every((part) => part.type === "final")).toBe(true);
    expect(harness.parts).toHaveLength(4);
  });

  it("is read no further than the workers can follow", async () => {
    const harness = new Harness({ segment: 80_000, guessEvery: 0 });
    harness.pool.idle = false;
    await harness.hear(speech(30_000));
    await settle(50);
    // Two segments of 5 s.
    expect(harness.taken * 20).toBeLessThanOrEqual(10_020);
    expect(harness.pool.jobs).toHaveLength(1);
    harness.job.end({ text: "first" });
    await settle(50);
    expect(harness.taken * 20).toBeGreaterThan(10_020);
    expect(harness.taken * 20).toBeLessThanOrEqual(15_020);
    expect(harness.texts).toEqual(["final: first"]);
  });
});

describe("the end of a stream", () => {
  it("leaves nothing behind", async () => {
    const harness = new Harness();
    harness.pool.answer = () => ({});
    await harness.hear(speech(1_000));
    await harness.end();
    expect(harness.done).toBe(true);
    expect(harness.parent.size).toBe(0);
    expect(harness.scope.size).toBe(0);
    expect(getEventListeners(harness.scope.signal as never, "abort")).toHaveLength(0);
    expect(harness.released).toBe(1);
  });

  it("stops its decode when it is aborted", async () => {
    const harness = new Harness();
    await harness.hear(speech(1_000));
    harness.scope.abort(new RoomKitError("closed", "closed"));
    await settle(3);
    expect(harness.error).toMatchObject({ code: "closed" });
    expect(harness.job.options.signal?.aborted).toBe(true);
    expect([harness.released, harness.parent.size]).toEqual([1, 0]);
  });

  it("refuses stereo, and what is no audio", async () => {
    for (const [frame, code] of [
      [{ samples: new Int16Array(640), sampleRate: 16_000, channels: 2, timestamp: 0 }, "unsupported_format"],
      [{ samples: [1, 2, 3], sampleRate: 16_000, channels: 1, timestamp: 0 }, "invalid_audio"],
    ] as const) {
      const scope = new AbortScope();
      async function* once(): AsyncGenerator<AudioFrame> {
        yield frame as AudioFrame;
      }
      const options = { pool: new FakePool(), scope, guessEvery: 0, segment: 80_000, noiseGate: true };
      const run = async (): Promise<void> => {
        for await (const _ of transcript(once(), options));
      };
      await expect(run()).rejects.toMatchObject({ code });
    }
  });
});
