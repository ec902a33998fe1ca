import { describe, expect, it } from "vitest";
import { PacingWheel } from "../pacing/wheel.ts";
import { audio, format, queueRig, samplesOf } from "./rig.fixture.ts";

describe("pacing", () => {
  it("sends the lead at once and then 50 frames a second, without drift over ten minutes", async () => {
    const { clock, queue, sent } = queueRig();
    const minutes = 10;
    const producer = async (): Promise<void> => {
      for (let i = 0; i < minutes * 60; i++) {
        await queue.writable(2_000, new AbortController().signal);
        queue.play("u", audio(1_000));
      }
      queue.endUtterance("u");
    };
    const produced = producer();
    await clock.advance(0);
    expect(sent).toHaveLength(10);
    await clock.advance(minutes * 60_000);
    await produced;
    const frames = sent.filter(({ frame }) => frame.samples.length > 0);
    expect(frames).toHaveLength(minutes * 60 * 50);
    for (const [i, { at }] of frames.entries()) {
      const ideal = Math.max(0, i * 20 - 180);
      expect(at - ideal).toBeGreaterThanOrEqual(0);
      expect(at - ideal).toBeLessThan(20);
    }
  });

  it("cuts any pieces to 20 ms and loses no sample", async () => {
    const rig = queueRig({ leadMs: 5_000 });
    const lengths = [1, 7, 20, 33, 5, 250, 3.0625];
    let from = 0;
    for (const ms of lengths) {
      const frame = audio(ms, from);
      from += frame.samples.length;
      rig.queue.play("u", frame);
    }
    rig.queue.endUtterance("u");
    await rig.clock.advance(1_000);
    expect(samplesOf(rig)).toEqual(Array.from({ length: from }, (_, i) => i));
    const sizes = rig.sent.map(({ frame }) => frame.samples.length);
    expect(sizes.slice(0, -1).every((size) => size === 320)).toBe(true);
    expect(sizes.at(-1)).toBe(from % 320);
    expect(rig.sent.map(({ frame }) => frame.end)).toEqual([...sizes.slice(1).map(() => false), true]);
    expect(rig.sent.map(({ frame }) => frame.offset)).toEqual(sizes.map((_, i) => i * 320));
  });

  it("row 70: never has more than the lead with the client, also after it ran dry and after a stall", async () => {
    const { clock, queue, sent, wheel } = queueRig();
    expect(wheel).toBeInstanceOf(PacingWheel);
    let offset = 0;
    // The loop stands still: time passes for everybody, but no timer runs.
    const now = clock.now;
    Object.assign(clock, { now: () => now() + offset });
    queue.play("u", audio(5_000));
    await clock.advance(1_000);
    const before = sent.length;
    offset = 500;
    await clock.advance(20);
    // What was with the client has been played by now; it gets the lead anew, and no more.
    expect(sent.length - before).toBe(10);
    await clock.advance(1_000);
    expect(sent.length - before).toBe(60);
    const times = sent.map(({ at }) => at);
    for (let i = 10; i < times.length; i++) {
      expect((times[i] as number) - (times[i - 10] as number)).toBeGreaterThanOrEqual(i === before + 9 ? 0 : 20);
    }
  });

  it("catches up within the lead after a short stall: the client never runs dry", async () => {
    const { clock, queue, sent, progress } = queueRig();
    let offset = 0;
    const now = clock.now;
    Object.assign(clock, { now: () => now() + offset });
    queue.play("u", audio(1_000));
    queue.endUtterance("u");
    await clock.advance(300);
    offset = 150;
    await clock.advance(1_000);
    expect(sent.length).toBe(50);
    const last = sent.at(-1) as { at: number };
    expect(last.at).toBeLessThanOrEqual(1_000 - 180);
    expect(progress.at(-1)).toMatchObject({ playedMs: 1_000, done: true });
  });

  it("sends one frame at a time with no lead", async () => {
    const { clock, queue, sent } = queueRig({ leadMs: 0 });
    queue.play("u", audio(200));
    expect(sent).toHaveLength(1);
    await clock.advance(60);
    expect(sent.length).toBeGreaterThanOrEqual(3);
    expect(sent.length).toBeLessThanOrEqual(4);
    await clock.advance(200);
    expect(sent).toHaveLength(10);
  });

  it("does not fall behind though timers are late now and then, without a lead to catch up in", async () => {
    const { clock, queue, sent } = queueRig({ leadMs: 0 });
    // As on a busy machine: every other timer runs 9 ms late.
    let late = 0;
    const { setTimeout } = clock;
    Object.assign(clock, {
      setTimeout: (handler: () => void, ms: number) => {
        late = 9 - late;
        return setTimeout(handler, Math.max(0, ms) + late);
      },
    });
    queue.play("u", audio(10_000));
    await clock.advance(10_000);
    expect(sent.length).toBeGreaterThanOrEqual(498);
  });

  it("lets less than a frame go when nothing more comes", async () => {
    const { clock, queue, sent } = queueRig();
    queue.play("u", audio(30));
    expect(sent).toHaveLength(1);
    await clock.advance(100);
    expect(sent).toHaveLength(2);
    expect(sent[1]?.frame.samples).toHaveLength(160);
  });

  it("fills the last frame where only whole frames can be sent, without counting the filling", async () => {
    const { clock, queue, sent, progress } = queueRig({ wholeFrames: true });
    queue.play("u", audio(30, 1));
    queue.endUtterance("u");
    await clock.advance(200);
    expect(sent.map(({ frame }) => frame.samples.length)).toEqual([320, 320]);
    expect([...(sent[1]?.frame.samples ?? [])].slice(158, 162)).toEqual([479, 480, 0, 0]);
    expect(progress.at(-1)).toMatchObject({ playedMs: 30, done: true });
  });

  it("waits for a client that takes nothing, and goes on where it stopped", async () => {
    const rig = queueRig();
    rig.queue.play("u", audio(200));
    rig.willing = false;
    rig.queue.play("u", audio(200, 3_200));
    rig.queue.endUtterance("u");
    await rig.clock.advance(2_000);
    expect(rig.sent).toHaveLength(10);
    expect(rig.queue.queuedMs).toBe(200);
    rig.willing = true;
    await rig.clock.advance(500);
    expect(samplesOf(rig)).toEqual(Array.from({ length: 6_400 }, (_, i) => i));
    expect(rig.progress.at(-1)).toMatchObject({ playedMs: 400, done: true });
  });

  it("refuses audio of another format, and ignores none", () => {
    const { queue } = queueRig();
    expect(() => queue.play("u", { ...audio(20), sampleRate: 8_000 })).toThrow("outbound format");
    expect(() => queue.play("u", { ...audio(20), channels: 2 })).toThrow("outbound format");
    expect(() => queueRig({ leadMs: -1 })).toThrow("leadMs");
    expect(() => queueRig({ maxFrames: 0 })).toThrow("at least one frame");
  });

  it("paces stereo as stereo", async () => {
    const stereo = { sampleRate: 16_000, channels: 2 } as const;
    const { clock, queue, sent, progress } = queueRig({ format: stereo });
    queue.play("u", { ...stereo, samples: new Int16Array(640 * 3), timestamp: 0 });
    queue.endUtterance("u");
    await clock.advance(200);
    expect(sent.map(({ frame }) => [frame.samples.length, frame.offset])).toEqual([
      [640, 0],
      [640, 320],
      [640, 640],
      [0, 960],
    ]);
    expect(progress.at(-1)).toMatchObject({ playedMs: 60, done: true });
    expect(format.channels).toBe(1);
  });
});
