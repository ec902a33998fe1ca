import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { abortedError, RoomKitError, type TurnContext, type TurnDecision, type TurnDetector } from "@roomkit/core";
import { seededRandom, settle, turnDetectorConformance, VirtualClock } from "@roomkit/testing";
import { heuristicTurns } from "@roomkit/turn-heuristic";
import { afterAll, describe, expect, it } from "vitest";
import type { SmartTurnJob } from "./engine/worker.ts";
import { smartTurns } from "./index.ts";
import { type Judges, smartTurnsOn } from "./smart-turns.ts";
import { together } from "./together.ts";

const frame = {
  samples: new Int16Array(160_000).map((_, i) => i % 100),
  sampleRate: 16_000,
  channels: 1 as const,
  timestamp: 0,
};
const context: TurnContext = { transcript: "it was fine", history: [], silenceMs: 200, audio: [frame] };
const free = (): { signal: AbortSignal } => ({ signal: new AbortController().signal });

/** Judges that do nothing until the test says what comes out. */
class ManualJudges implements Judges {
  readonly jobs: {
    job: SmartTurnJob;
    signal: AbortSignal | undefined;
    answer: (p: number) => void;
    fail: (error: unknown) => void;
  }[] = [];
  closed = 0;

  run(job: SmartTurnJob, { signal }: { signal?: AbortSignal | undefined }): Promise<number> {
    return new Promise((answer, fail) => {
      this.jobs.push({ job, signal, answer, fail });
      signal?.addEventListener("abort", () => fail(abortedError(signal)));
    });
  }

  async close(): Promise<void> {
    this.closed++;
  }
}

/** Says one thing, after so long. */
const saying = (decision: Partial<TurnDecision>, clock?: VirtualClock, ms = 0): TurnDetector => ({
  name: "other",
  async evaluate(_, { signal }) {
    if (clock) await clock.sleep(ms, signal);
    return { complete: false, confidence: 0.7, waitMs: 250, reason: "statement", ...decision };
  },
});

function bench(otherwise?: TurnDetector) {
  const clock = new VirtualClock();
  const judges = new ManualJudges();
  return { clock, judges, detector: smartTurnsOn(judges, { otherwise, clock }) };
}

describe("smartTurns on judges that answer", () => {
  const create = () =>
    smartTurnsOn(
      { run: async ({ samples }) => (samples.length % 7) / 7, close: async () => {} },
      { otherwise: heuristicTurns(), timeoutMs: 5_000 },
    );
  for (const { name, run } of turnDetectorConformance({ create })) it(name, run);
});

describe("model and other detector", () => {
  it("hear the last 8 s, and decide together", async () => {
    const { detector, judges, clock } = bench(saying({ confidence: 0.7 }));
    const decision = detector.evaluate(context, free());
    await settle();
    expect(judges.jobs[0]?.job.samples).toHaveLength(128_000);
    expect(judges.jobs[0]?.job.samples.at(-1)).toBe(99);
    judges.jobs[0]?.answer(0.98);
    expect(await decision).toMatchObject({ complete: true, reason: "statement" });
    expect(clock.pendingTimers).toBe(0);
  });

  it("the other alone where it knows of something unfinished, without waiting for the model", async () => {
    const digits = { complete: false, confidence: 0.1, waitMs: 1_800, reason: "digits" };
    const { detector, judges, clock } = bench(saying(digits));
    expect(await detector.evaluate(context, free())).toEqual(digits);
    expect(judges.jobs[0]?.signal?.aborted).toBe(true);
    expect(clock.pendingTimers).toBe(0);
  });

  it("the other alone when the model is late", async () => {
    const { detector, judges, clock } = bench(saying({}));
    const decision = detector.evaluate(context, free());
    await clock.advance(299);
    expect(judges.jobs[0]?.signal?.aborted).toBe(false);
    await clock.advance(1);
    expect(await decision).toMatchObject({ confidence: 0.7, waitMs: 250 });
    expect(judges.jobs[0]?.signal?.aborted).toBe(true);
  });

  it("the model alone when the other fails, is late, or is not there", async () => {
    const broken: TurnDetector = { name: "broken", evaluate: () => Promise.reject(new TypeError("made to fail")) };
    const rude: TurnDetector = {
      name: "rude",
      evaluate() {
        throw new TypeError("made to fail");
      },
    };
    for (const otherwise of [broken, rude, undefined]) {
      const { detector, judges } = bench(otherwise);
      const decision = detector.evaluate(context, free());
      await settle();
      judges.jobs[0]?.answer(0.99);
      expect(await decision).toEqual({ complete: true, confidence: 0.99, reason: "model" });
    }
    const clock = new VirtualClock();
    const judges = new ManualJudges();
    const detector = smartTurnsOn(judges, { otherwise: saying({}, clock, 5_000), clock });
    const decision = detector.evaluate(context, free());
    await settle();
    judges.jobs[0]?.answer(0.99);
    await clock.advance(300);
    expect(await decision).toMatchObject({ complete: true, reason: "model" });
    expect(clock.pendingTimers).toBe(0);
  });

  it("neither: a middling wait", async () => {
    const { detector, judges } = bench();
    const decision = detector.evaluate(context, free());
    await settle();
    judges.jobs[0]?.fail(new RoomKitError("inference_failed", "made to fail"));
    expect(await decision).toEqual({ complete: false, confidence: 0.5, waitMs: 600, reason: "unheard" });
    expect(await detector.evaluate({ ...context, audio: [] }, free())).toMatchObject({ reason: "unheard" });
    expect(judges.jobs).toHaveLength(1);
  });

  it("decide by the rule of the record", () => {
    const other = (confidence: number) => ({ complete: confidence >= 0.85, confidence, reason: "statement" });
    const confidence = (p: number, c: number) => together(p, other(c), context).confidence;
    // What is plainly unfinished stays so.
    expect(confidence(0.99, 0.2)).toBe(0.2);
    // The other leans twice as much as the model.
    expect(confidence(0.98, 0.74)).toBeGreaterThan(0.85);
    expect(confidence(0.02, 0.74)).toBeLessThan(0.35);
    expect(confidence(0.5, 0.74)).toBeCloseTo(0.74, 6);
    expect(confidence(0.02, 0.92)).toBeGreaterThan(0.5);
    // Beyond 0.98 it is no surer.
    expect(confidence(1, 0.5)).toBe(confidence(0.98, 0.5));
  });
});

describe("failures of the model", () => {
  it("that last are not tried again at each pause", async () => {
    const { detector, judges, clock } = bench(saying({}));
    const ask = async (fail?: string): Promise<void> => {
      const decision = detector.evaluate(context, free());
      await settle();
      if (fail) judges.jobs.at(-1)?.fail(new RoomKitError(fail, "made to fail"));
      expect(await decision).toMatchObject({ confidence: 0.7 });
    };
    await ask("busy");
    await ask("worker_crashed");
    await ask();
    expect(judges.jobs).toHaveLength(2);
    await clock.advance(30_000);
    await ask("invalid_model");
    expect(judges.jobs).toHaveLength(3);
    // Until somebody says that it is there now.
    const warm = detector.warmUp();
    judges.jobs.at(-1)?.answer(0.5);
    await warm;
    await ask("timeout");
    expect(judges.jobs).toHaveLength(5);
  });

  it("cost nothing in whichever order they and everything else come", async () => {
    for (let seed = 1; seed <= 200; seed++) {
      const random = seededRandom(seed);
      const pick = (count: number): number => Math.floor(random() * count);
      const clock = new VirtualClock();
      const judges = new ManualJudges();
      const detector = smartTurnsOn(judges, { otherwise: saying({ confidence: random() }, clock, pick(500)), clock });
      const abort = new AbortController();
      const ends: string[] = [];
      const judged = [1, 2, 3].map(() =>
        detector.evaluate(context, abort).then(
          ({ confidence }) => ends.push(confidence >= 0 && confidence <= 1 ? "decided" : "nonsense"),
          (error: unknown) => ends.push(RoomKitError.from(error).code),
        ),
      );
      const acts = [
        () => judges.jobs[pick(3)]?.answer(random()),
        () => judges.jobs[pick(3)]?.fail(new RoomKitError(random() < 0.5 ? "worker_crashed" : "busy", "made to fail")),
        () => clock.advance(pick(200)),
        () => settle(1),
        () => (random() < 0.2 ? abort.abort() : undefined),
        () => (random() < 0.2 ? detector.close() : undefined),
      ];
      for (let step = 0; step < 8; step++) await acts[pick(acts.length)]?.();
      await clock.advance(600);
      await Promise.all(judged);
      expect(ends).toHaveLength(3);
      expect(ends.filter((end) => !["decided", "aborted", "closed"].includes(end))).toEqual([]);
      expect(clock.pendingTimers).toBe(0);
      await detector.close();
    }
  });
});

describe("its end", () => {
  it("ends what is being judged with `closed`, and nothing of the other detector", async () => {
    let closed = false;
    const close = async (): Promise<void> => {
      closed = true;
    };
    const other = { ...saying({}), close };
    const { detector, judges, clock } = bench(other);
    const judging = expect(detector.evaluate(context, free())).rejects.toMatchObject({ code: "closed" });
    await settle();
    await Promise.all([detector.close(), detector.close()]);
    await judging;
    await expect(detector.evaluate(context, free())).rejects.toMatchObject({ code: "closed" });
    expect([closed, judges.jobs[0]?.signal?.aborted, clock.pendingTimers]).toEqual([false, true, 0]);
  });

  it("an abort ends one judgement and no other", async () => {
    const { detector, judges, clock } = bench();
    const abort = new AbortController();
    const one = expect(detector.evaluate(context, abort)).rejects.toMatchObject({ code: "aborted" });
    const two = detector.evaluate(context, free());
    await settle();
    abort.abort();
    judges.jobs[1]?.answer(0.9);
    await one;
    expect(await two).toMatchObject({ complete: true });
    expect(clock.pendingTimers).toBe(0);
  });
});

describe("files", { timeout: 60_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), "roomkit-turn-smart-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const other = join(folder, "other.onnx");
  writeFileSync(other, "no model");

  it.each([
    ["that are not there", { model: join(folder, "none.onnx") }, "model_not_found"],
    ["that are another model", { model: other }, "invalid_model"],
    // The hash is allowed, but it is no model all the same.
    [
      "that are none",
      { model: other, sha256: "f62c7d17e241fe5c5c0c64d2e32ab6e3bd10547a9c02977cc126acc0fe6e6554" },
      "model_load_failed",
    ],
  ])("%s fail warmUp with a code, and leave the other detector to decide", async (_, options, code) => {
    const detector = smartTurns({ ...options, otherwise: saying({}), timeoutMs: 5_000 });
    await expect(detector.warmUp()).rejects.toMatchObject({ code });
    expect(await detector.evaluate(context, free())).toMatchObject({ confidence: 0.7 });
    await detector.close();
  });

  it.each([
    { model: "x", sha256: "12" },
    { model: "x", timeoutMs: 5 },
    { model: "x", workers: 0 },
    { model: "x", queueLimit: 0 },
  ])("%o is an invalid_option", (options) => {
    expect(() => smartTurns(options)).toThrowError(expect.objectContaining({ code: "invalid_option" }));
  });
});
