import { describe, expect, it } from "vitest";
import { audio, queueRig } from "./rig.fixture.ts";

const options = { playback: "reported", resumable: true, leadMs: 400 } as const;

describe("a client that goes and comes back", () => {
  it("gets everything it has not reported again, then the rest", async () => {
    const rig = queueRig(options);
    const { clock, queue, sent, progress } = rig;
    queue.play("a", audio(200));
    queue.endUtterance("a");
    queue.play("b", audio(1_000));
    queue.endUtterance("b");
    await clock.advance(400);
    queue.report(1, 3_200, true);
    queue.report(2, 1_600);
    queue.suspend();
    const before = sent.length;
    await clock.advance(10_000);
    expect(sent).toHaveLength(before);
    expect(clock.pendingTimers).toBe(0);
    queue.resume();
    const again = sent.slice(before).map(({ frame }) => [frame.utterance, frame.number, frame.offset]);
    expect(again[0]).toEqual(["b", 2, 1_600]);
    expect(again).toHaveLength(20);
    await clock.advance(2_000);
    const offsets = sent.slice(before).map(({ frame }) => frame.offset);
    expect(offsets).toEqual(Array.from({ length: 45 }, (_, i) => 1_600 + i * 320));
    expect(sent.at(-1)?.frame.end).toBe(true);
    queue.report(2, 16_000);
    expect(progress.at(-1)).toEqual({ utterance: "b", playedMs: 1_000, confidence: "reported", done: true });
  });

  it("may have played more of it than it could report", async () => {
    const { clock, queue, progress } = queueRig(options);
    queue.play("u", audio(1_000));
    await clock.advance(100);
    queue.suspend();
    queue.resume();
    queue.report(1, 6_400);
    expect(progress.at(-1)?.playedMs).toBe(400);
  });

  it("may have finished meanwhile what it is sent again", async () => {
    const { clock, queue, progress } = queueRig(options);
    queue.play("u", audio(600));
    queue.endUtterance("u");
    await clock.advance(300);
    queue.suspend();
    queue.resume();
    // It lost the last piece, and says so before the rest has been sent again.
    queue.report(1, 9_000, true);
    expect(progress.at(-1)).toMatchObject({ done: false });
    await clock.advance(1_000);
    expect(progress.at(-1)).toEqual({ utterance: "u", playedMs: 562.5, confidence: "reported", done: true });
  });

  it("ends an utterance whose end was sent and never reported", async () => {
    const { clock, queue, sent, progress } = queueRig(options);
    queue.play("u", audio(100));
    queue.endUtterance("u");
    await clock.advance(200);
    queue.suspend();
    await clock.advance(60_000);
    expect(progress).toEqual([]);
    queue.resume();
    expect(sent.filter(({ frame }) => frame.end)).toHaveLength(2);
    await clock.advance(5_000);
    expect(progress).toEqual([{ utterance: "u", playedMs: 100, confidence: "estimated", done: true }]);
    expect(clock.pendingTimers).toBe(0);
  });

  it.each([
    ["it never reports", undefined],
    ["it lost the last piece", 1_500],
    ["it played all", 1_600],
  ])("is not sent again what is over: %s", async (_name, played) => {
    const { clock, queue, sent, progress } = queueRig(options);
    queue.play("u", audio(100));
    queue.endUtterance("u");
    await clock.advance(200);
    if (played) queue.report(1, played, true);
    await clock.advance(5_000);
    expect(progress.at(-1)).toMatchObject({ utterance: "u", done: true });
    const before = sent.length;
    queue.suspend();
    queue.resume();
    await clock.advance(5_000);
    expect(sent).toHaveLength(before);
    expect(progress.at(-1)).toMatchObject({ done: true });
    expect(clock.pendingTimers).toBe(0);
  });

  it("finds what was queued meanwhile, within the bounds", async () => {
    const { clock, queue, sent, dropped } = queueRig({ ...options, maxQueuedMs: 1_000 });
    queue.suspend();
    queue.play("a", audio(800));
    queue.play("b", audio(800));
    expect(dropped).toEqual([["a", 800]]);
    queue.resume();
    await clock.advance(1_000);
    expect(sent.filter(({ frame }) => frame.samples.length > 0).every(({ frame }) => frame.utterance === "b")).toBe(
      true,
    );
  });

  it("hears nothing of what was cleared meanwhile", async () => {
    const { clock, queue, sent } = queueRig(options);
    queue.play("a", audio(2_000));
    await clock.advance(500);
    queue.report(1, 4_800);
    queue.suspend();
    const before = sent.length;
    const { report } = queue.clear();
    expect(report.utterances).toMatchObject([{ utterance: "a", done: true }]);
    expect(report.utterances[0]?.playedMs).toBeGreaterThanOrEqual(300);
    queue.resume();
    await clock.advance(2_000);
    expect(sent).toHaveLength(before);
  });
});
