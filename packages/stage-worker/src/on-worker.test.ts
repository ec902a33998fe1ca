import { type AudioFrame, type FrameStage, RoomKitError, type StageFactory, systemClock } from "@roomkit/core";
import { gtcrn } from "@roomkit/denoiser-gtcrn";
import { audioPipeline } from "@roomkit/pipeline";
import { inFrames, inSequence, seededRandom, speechLike, VirtualClock } from "@roomkit/testing";
import { afterEach, describe, expect, it } from "vitest";
import { onWorker, type StageWorkerOptions } from "./index.ts";
import { DIE, FAIL, type FixtureOptions, fixture, HANG } from "./stage.fixture.ts";

const mono = { sampleRate: 16_000, channels: 1 } as const;
const frame = (value: number, i = 0): AudioFrame => ({
  samples: new Int16Array(320).fill(value),
  ...mono,
  timestamp: 20 * i,
});
const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const each of open.splice(0)) await each.close();
});

/** A stage on a thread, on a clock that stands still. */
function worker(stage: FixtureOptions = {}, options: StageWorkerOptions = { threads: 1 }) {
  const clock = new VirtualClock();
  const reports: string[] = [];
  const factory = onWorker(fixture(stage), options);
  open.push(factory);
  const context = { sessionId: "s", clock, report: ({ code }: RoomKitError) => void reports.push(code) };
  const lane = factory.open(mono, context);
  const out: number[] = [];
  let count = 0;
  /** Gives it frames of those values; what leaves is in `out`, by frame. */
  const give = (...values: number[]): void => {
    for (const value of values) {
      const { samples } = lane.process(frame(value, count++));
      for (let at = 0; at < samples.length; at += 320) out.push(samples[at] as number);
    }
  };
  /** More of it, until something is so. */
  const until = async (done: () => boolean, value = 0): Promise<void> => {
    for (let i = 0; i < 1_400 && !done(); i++) {
      await systemClock.sleep(20);
      give(value);
    }
    expect(done()).toBe(true);
  };
  return { factory, lane, clock, reports, out, give, until };
}

const codeOf = (action: () => unknown): string | undefined => {
  try {
    action();
    return undefined;
  } catch (error) {
    return RoomKitError.is(error) ? error.code : "other";
  }
};

describe("a stage on a thread", () => {
  it("gives what the stage gives, in order, with the frames after", async () => {
    const w = worker({ add: 1 });
    w.give(10, 20, 30);
    expect(w.out).toEqual([]);
    await w.until(() => w.out.length >= 3);
    expect(w.out.slice(0, 3)).toEqual([11, 21, 31]);
    expect(w.reports).toEqual([]);
  });

  it("does what the stage does, bit by bit, in a pipeline that two callers share", async () => {
    const denoiser = onWorker(gtcrn(), { threads: 2 });
    open.push(denoiser);
    const speech = speechLike(mono.sampleRate, 1_500, 5_000);
    const through = async (factory: StageFactory<FrameStage>, seeds: number[]): Promise<Int16Array[]> => {
      const pipeline = audioPipeline({ denoiser: factory });
      const streams = seeds.map((seed) => {
        const stream = pipeline.open({
          inbound: mono,
          outbound: mono,
          sessionId: `${seed}`,
          clock: new VirtualClock(),
        });
        const heard: Int16Array[] = [];
        stream.on("frame", ({ frame: given }) => heard.push(given.samples.slice()));
        const random = seededRandom(seed);
        const noisy = speech.map((sample) => sample + 500 * (random() - 0.5));
        const total = (): number => heard.reduce((sum, { length }) => sum + length, 0);
        return { stream, heard, total, frames: inFrames(noisy, mono) };
      });
      for (const [i] of inFrames(speech, mono).entries()) {
        for (const { stream, frames } of streams) stream.processInbound(frames[i] as AudioFrame);
        await new Promise((resolve) => setImmediate(resolve));
      }
      for (let i = 0; i < 1_400 && streams.some(({ total }) => total() < speech.length); i++) {
        await systemClock.sleep(20);
        for (const { stream } of streams) stream.processInbound(frame(0, 75 + i));
      }
      for (const { stream } of streams) stream.close();
      return streams.map(({ heard }) => inSequence(...heard).slice(0, speech.length));
    };
    const [threaded, direct] = [await through(denoiser, [1, 2]), await through(gtcrn(), [1, 2])];
    expect(threaded.map(({ length }) => length)).toEqual([speech.length, speech.length]);
    expect(threaded).toEqual(direct);
  });

  it("passes a frame as it was when its answer is late, and drops that answer", async () => {
    const w = worker({ add: 1 });
    await w.until(() => w.out.length > 0);
    const before = w.out.length;
    w.give(HANG, 20);
    await w.clock.advance(201);
    w.give(30);
    expect(w.out.slice(-3)).not.toContain(21);
    expect([w.out.includes(20), w.out.includes(HANG), w.reports]).toEqual([true, true, ["stage_late"]]);
    expect(w.out.length).toBeGreaterThan(before);
  });

  it("is given up when it answers nothing any more, and loses no audio by that", async () => {
    const w = worker({ add: 1 });
    await w.until(() => w.out.length > 0);
    const from = w.out.length;
    w.give(HANG);
    let given = 0;
    let code: string | undefined;
    for (; given < 1_000 && code === undefined; given++) code = codeOf(() => w.give(7));
    expect(code).toBe("worker_stalled");
    // All but the one that was refused, which the pipeline has.
    expect(w.out.slice(from).filter((value) => value === 7)).toHaveLength(given - 1);
  });

  it("passes a frame as it was when the stage fails on it, and tells", async () => {
    const w = worker({ add: 1 });
    w.give(10, FAIL, 20);
    await w.until(() => w.out.length >= 3);
    expect(w.out.slice(0, 3)).toEqual([11, FAIL, 21]);
    expect(w.reports).toEqual(["stage_failed"]);
  });

  it.each(["dies", "refuses"])("loses no frame when its thread or the stage %s, and then fails", async (what) => {
    const w = worker({ add: 1, refuse: what === "refuses" });
    w.give(10, 20, what === "dies" ? DIE : 30, 40);
    let code: string | undefined;
    for (let i = 0; i < 1_400 && code === undefined; i++) {
      await systemClock.sleep(20);
      code = codeOf(() => w.give(50));
    }
    expect(code).toBe(what === "dies" ? "worker_crashed" : "worker_failed");
    expect(w.out.slice(0, 4).map((value) => value % 10)).toEqual(what === "dies" ? [1, 1, DIE, 0] : [0, 0, 0, 0]);
    expect(codeOf(() => w.give(60))).toBe(code);
    // A thread that is lost is lost for its streams, not for those that come.
    if (what === "dies") {
      const next = w.factory.open(mono, { sessionId: "next", clock: w.clock });
      let answer: AudioFrame = frame(0);
      for (let i = 0; i < 1_400 && answer.samples[0] !== 1; i++) {
        await systemClock.sleep(20);
        answer = next.process(frame(0));
      }
      expect(answer.samples[0]).toBe(1);
    }
  });

  it.each([
    ["its thread is lost", 20, DIE, "worker_crashed"],
    ["it fails there again and again", 0, FAIL, "stage_failed"],
  ])("is taken out by a pipeline when %s, and the audio goes on", async (_, from, value, code) => {
    const denoiser = onWorker(fixture({ add: 1 }), { threads: 1 });
    open.push(denoiser);
    const stream = audioPipeline({ denoiser, maxStageFailures: 3 }).open({
      ...{ inbound: mono, outbound: mono, sessionId: "s", clock: new VirtualClock() },
    });
    let total = 0;
    const changes: string[] = [];
    stream.on("frame", ({ frame: given }) => {
      total += given.samples.length;
    });
    stream.on("stage-change", ({ state, error }) => void changes.push(`${state} ${error?.code}`));
    let given = 0;
    for (; given < 1_400 && changes.length === 0; given++) {
      await systemClock.sleep(20);
      stream.processInbound(frame(given >= from ? value : 5, given));
    }
    stream.processInbound(frame(5, given++));
    expect([changes, total]).toEqual([[`failed ${code}`], 320 * given]);
    stream.close();
  });

  it("hears what is played", async () => {
    const w = worker();
    w.lane.reference(frame(100));
    w.give(1);
    await w.until(() => w.out.length > 0);
    expect(w.out[0]).toBe(101);
    for (let i = 0; i < 5_000; i++) w.lane.reference(frame(2));
    w.out.length = 0;
    w.give(5);
    await w.until(() => w.out.includes(7));
  });

  it("forgets what is on its way when it is reset", async () => {
    const w = worker({ add: 1 });
    w.give(10, 20);
    w.lane.reset();
    w.give(30);
    await w.until(() => w.out.length > 0);
    expect(w.out[0]).toBe(31);
  });

  it("keeps to as many threads as it may have, and gives them back", async () => {
    const factory = onWorker(fixture(), { threads: 2 });
    open.push(factory);
    const lanes = Array.from({ length: 5 }, (_, i) => factory.open(mono, { sessionId: `${i}` }));
    expect(factory.threads).toBe(2);
    for (const lane of lanes) {
      lane.close();
      lane.close();
    }
    expect(factory.threads).toBe(1);
    expect(lanes.map((lane) => codeOf(() => lane.process(frame(1))))).toEqual(new Array(5).fill(undefined));
    await factory.close();
    await factory.close();
    expect([factory.threads, codeOf(() => factory.open(mono))]).toEqual([0, "closed"]);
  });

  it("goes on without its threads when they are closed under it", async () => {
    const w = worker({ add: 1 });
    await w.factory.close();
    expect(codeOf(() => w.give(1, 2, 3))).toBe("closed");
  });

  it("refuses what cannot be made elsewhere, and options out of range", () => {
    const { recipe: _, ...here } = fixture();
    const late = onWorker(fixture());
    open.push(late);
    expect([
      codeOf(() => audioPipeline({ postprocessors: [late] })),
      codeOf(() => onWorker(here)),
      codeOf(() => onWorker(fixture(), { threads: 0 })),
      codeOf(() => onWorker(fixture(), { maxLagMs: 1 })),
    ]).toEqual(new Array(4).fill("invalid_option"));
  });
});
