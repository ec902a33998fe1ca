import { describe, expect, it } from "vitest";
import { audio, format, queueRig } from "./rig.fixture.ts";

const samples = (ms: number): number => (format.sampleRate * ms) / 1000;
const marked = () => queueRig({ marksMs: 200 });

describe("what was heard by a client that sends marks back", () => {
  it("is reported from the first mark on", async () => {
    const { clock, queue, progress } = marked();
    queue.play("a", audio(1_000));
    queue.endUtterance("a");
    expect(queue.reports.believed).toBe(false);
    for (let ms = 200; ms <= 1_000; ms += 200) {
      await clock.advance(200);
      queue.report(1, samples(ms));
    }
    expect(queue.reports.believed).toBe(true);
    await clock.advance(3_000);
    expect(progress.filter(({ confidence }) => confidence === "reported").map(({ playedMs }) => playedMs)).toEqual([
      200, 400, 600, 800, 1_000,
    ]);
    expect(progress.at(-1)).toEqual({ utterance: "a", playedMs: 1_000, confidence: "reported", done: true });
    expect(progress.filter(({ done }) => done)).toHaveLength(1);
  });

  it("is what the last mark says at an interruption, carried on, but not past the next mark", async () => {
    const { clock, queue, progress } = marked();
    queue.play("a", audio(5_000));
    await clock.advance(1_000);
    queue.report(1, samples(800));
    await clock.advance(100);
    expect(queue.clear().report.utterances).toEqual([
      { utterance: "a", playedMs: 900, confidence: "reported", done: true },
    ]);
    const count = progress.length;
    // What the provider dropped comes back too, and says nothing.
    for (const ms of [1_000, 1_200]) queue.report(1, samples(ms));
    await clock.advance(5_000);
    expect(progress).toHaveLength(count);

    queue.play("b", audio(5_000));
    await clock.advance(400);
    queue.report(2, samples(400));
    await clock.advance(3_000);
    expect(queue.clear().report.utterances).toEqual([
      { utterance: "b", playedMs: 620, confidence: "reported", done: true },
    ]);
  });

  it("is estimated as ever when none comes back, at once and without waiting", async () => {
    const { clock, queue, progress } = marked();
    queue.play("a", audio(1_000));
    queue.endUtterance("a");
    await clock.advance(1_100);
    expect(progress.at(-1)).toEqual({ utterance: "a", playedMs: 1_000, confidence: "estimated", done: true });
    queue.play("b", audio(1_000));
    await clock.advance(500);
    const [b] = queue.clear().report.utterances;
    expect([b?.confidence, b?.done, Math.round(b?.playedMs ?? 0)]).toEqual(["estimated", true, 500]);
  });

  it("is estimated again when no more come back", async () => {
    const { clock, queue, progress } = marked();
    queue.play("a", audio(1_000));
    queue.endUtterance("a");
    await clock.advance(200);
    queue.report(1, samples(200));
    await clock.advance(4_000);
    expect(progress.at(-1)).toEqual({ utterance: "a", playedMs: 420, confidence: "estimated", done: true });
    expect(queue.reports.believed).toBe(false);
    queue.play("b", audio(1_000));
    queue.endUtterance("b");
    await clock.advance(1_040);
    expect(progress.at(-1)).toEqual({ utterance: "b", playedMs: 1_000, confidence: "estimated", done: true });
    // A late mark is one all the same.
    queue.report(1, samples(1_000));
    expect(queue.reports.believed).toBe(true);
  });
});
