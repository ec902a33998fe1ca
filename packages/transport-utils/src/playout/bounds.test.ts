import { describe, expect, it } from "vitest";
import { audio, queueRig, samplesOf } from "./rig.fixture.ts";

describe("the bounds of the queue", () => {
  it("drop the oldest utterance whole, and say so", async () => {
    const rig = queueRig({ maxQueuedMs: 1_000 });
    rig.queue.play("a", audio(400));
    rig.queue.play("b", audio(600, 10_000));
    rig.queue.play("c", audio(300, 20_000));
    // Of `a`, 200 ms are with the client; the rest goes.
    expect(rig.dropped).toEqual([["a", 200]]);
    rig.queue.play("a", audio(100));
    for (const id of ["a", "b", "c"]) rig.queue.endUtterance(id);
    await rig.clock.advance(3_000);
    expect(samplesOf(rig, "a")).toHaveLength(3_200);
    expect(samplesOf(rig, "b")).toHaveLength(9_600);
    expect(samplesOf(rig, "c")).toHaveLength(4_800);
    const done = rig.progress.filter((progress) => progress.done);
    expect(done.map(({ utterance, playedMs }) => [utterance, playedMs])).toEqual([
      ["a", 200],
      ["b", 600],
      ["c", 300],
    ]);
    // The client is told that the dropped one has ended.
    expect(rig.sent.filter(({ frame }) => frame.end).map(({ frame }) => frame.utterance)).toEqual(["a", "b", "c"]);
  });

  it("count frames too", () => {
    const { queue, dropped } = queueRig({ maxFrames: 5 });
    queue.play("a", audio(200));
    queue.play("b", audio(100));
    expect(dropped).toEqual([]);
    queue.play("c", audio(20));
    expect(dropped).toEqual([["b", 100]]);
  });

  it("row 62: hold against a producer that never waits", async () => {
    const { clock, queue, dropped } = queueRig();
    for (let i = 0; i < 600; i++) {
      queue.play(`u${i}`, audio(1_000));
      expect(queue.queuedMs).toBeLessThanOrEqual(20_000);
    }
    expect(dropped).toHaveLength(580);
    await clock.advance(1_000);
    expect(queue.queuedMs).toBeLessThanOrEqual(20_000);
  });

  it("forget announced utterances that are never spoken", () => {
    const { queue } = queueRig();
    for (let i = 1; i <= 10_000; i++) expect(queue.numbers.numberOf(`u${i}`)).toBe(i);
    expect(queue.clear().report.utterances).toEqual([]);
  });
});

describe("waiting for room", () => {
  it("ends when little enough is queued", async () => {
    const { clock, queue } = queueRig();
    queue.play("u", audio(1_200));
    let free = false;
    void queue.writable(500, new AbortController().signal).then(() => {
      free = true;
    });
    await clock.advance(470);
    expect(free).toBe(false);
    await clock.advance(60);
    expect(free).toBe(true);
    expect(queue.queuedMs).toBeLessThanOrEqual(500);
    await queue.writable(500, new AbortController().signal);
  });

  it("ends with `aborted`, and leaves nothing behind", async () => {
    const { clock, queue } = queueRig();
    queue.play("u", audio(1_200));
    const controller = new AbortController();
    const waiting = queue.writable(0, controller.signal);
    controller.abort();
    await expect(waiting).rejects.toMatchObject({ code: "aborted" });
    await expect(queue.writable(0, controller.signal)).rejects.toMatchObject({ code: "aborted" });
    queue.close();
    expect(clock.pendingTimers).toBe(0);
  });

  it("ends when the queue is cleared or closed", async () => {
    const { queue } = queueRig();
    queue.play("u", audio(1_200));
    const cleared = queue.writable(0, new AbortController().signal);
    queue.clear();
    await cleared;
    queue.play("v", audio(1_200));
    const closed = queue.writable(0, new AbortController().signal);
    queue.close();
    await closed;
    await queue.writable(0, new AbortController().signal);
  });
});
