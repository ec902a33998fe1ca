import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { audio, queueRig } from "./rig.fixture.ts";

describe("what was heard, estimated", () => {
  it("is told a few times a second and once at the end", async () => {
    const { clock, queue, progress } = queueRig();
    queue.play("a", audio(1_000));
    queue.endUtterance("a");
    queue.play("b", audio(500));
    queue.endUtterance("b");
    await clock.advance(2_000);
    expect(progress.filter(({ done }) => done)).toEqual([
      { utterance: "a", playedMs: 1_000, confidence: "estimated", done: true },
      { utterance: "b", playedMs: 500, confidence: "estimated", done: true },
    ]);
    const of = (id: string): number[] =>
      progress.filter(({ utterance }) => utterance === id).map(({ playedMs }) => playedMs);
    expect(of("a").length).toBeGreaterThanOrEqual(5);
    expect(of("a").length).toBeLessThanOrEqual(8);
    for (const id of ["a", "b"]) expect(of(id)).toEqual([...of(id)].sort((x, y) => x - y));
  });

  it("is known at an interruption to the frame, and nothing is sent or counted after it", async () => {
    const { clock, queue, sent, progress } = queueRig();
    queue.play("a", audio(300));
    queue.endUtterance("a");
    queue.play("b", audio(3_000));
    queue.play("c", audio(100));
    await clock.advance(700);
    const { report, number } = queue.clear();
    expect(report.utterances.map(({ utterance, done, confidence }) => [utterance, done, confidence])).toEqual([
      ["b", true, "estimated"],
      ["c", true, "estimated"],
    ]);
    expect(report.utterances[0]?.playedMs).toBeCloseTo(400, 0);
    expect(report.utterances[1]?.playedMs).toBe(0);
    expect(number).toBe(3);
    expect(queue.queuedMs).toBe(0);
    const count = sent.length;
    const told = progress.length;
    queue.play("b", audio(1_000));
    queue.endUtterance("b");
    await clock.advance(5_000);
    expect(sent).toHaveLength(count);
    expect(progress).toHaveLength(told);
    expect(clock.pendingTimers).toBe(0);
  });

  it("counts only what was played while the client ran dry", async () => {
    const { clock, queue, progress } = queueRig();
    queue.play("u", audio(100));
    await clock.advance(1_000);
    queue.play("u", audio(100));
    await clock.advance(40);
    expect(queue.clear().report.utterances[0]?.playedMs).toBeCloseTo(140, 5);
    expect(progress.every(({ playedMs }) => playedMs <= 200)).toBe(true);
  });

  it("ends an utterance without audio at once, in its turn", async () => {
    const { clock, queue, progress } = queueRig();
    queue.endUtterance("empty");
    expect(progress).toEqual([{ utterance: "empty", playedMs: 0, confidence: "estimated", done: true }]);
    queue.endUtterance("empty");
    await clock.advance(100);
    expect(progress).toHaveLength(1);
  });

  it("is told once more when the connection ends", async () => {
    const { clock, queue, progress } = queueRig();
    queue.play("u", audio(1_000));
    await clock.advance(300);
    queue.close();
    expect(progress.at(-1)).toMatchObject({ utterance: "u", done: true });
    expect(progress.at(-1)?.playedMs).toBeCloseTo(300, 5);
    queue.play("u", audio(1_000));
    queue.close();
    expect(progress.filter(({ done }) => done)).toHaveLength(1);
    expect(clock.pendingTimers).toBe(0);
  });
});

describe("what was heard, reported", () => {
  it("is what the client says, never falling and never more than it was sent", async () => {
    const { clock, queue, progress } = queueRig({ playback: "reported" });
    queue.play("u", audio(1_000));
    queue.endUtterance("u");
    queue.report(1, 1_600);
    queue.report(1, 800);
    queue.report(1, 1_000_000);
    expect(progress.map(({ playedMs }) => playedMs)).toEqual([100, 100, 200]);
    await clock.advance(1_000);
    queue.report(1, 15_999);
    queue.report(1, 16_000);
    expect(progress.at(-1)).toEqual({ utterance: "u", playedMs: 1_000, confidence: "reported", done: true });
    const told = progress.length;
    queue.report(1, 16_000);
    queue.report(7, 5);
    expect(progress).toHaveLength(told);
    await clock.advance(5_000);
    expect(progress).toHaveLength(told);
    expect(clock.pendingTimers).toBe(0);
  });

  it("takes the client's last word", async () => {
    const { clock, queue, progress } = queueRig({ playback: "reported" });
    queue.play("u", audio(100));
    queue.endUtterance("u");
    await clock.advance(300);
    queue.report(1, 1_500, true);
    expect(progress).toEqual([{ utterance: "u", playedMs: 93.75, confidence: "reported", done: true }]);
  });

  it("falls back to the clock for a client that stops reporting", async () => {
    const { clock, queue, progress } = queueRig({ playback: "reported" });
    queue.play("u", audio(1_000));
    queue.endUtterance("u");
    await clock.advance(2_900);
    expect(progress).toEqual([]);
    await clock.advance(200);
    expect(progress).toEqual([{ utterance: "u", playedMs: 1_000, confidence: "estimated", done: true }]);
  });

  it("is reported exactly after an interruption", async () => {
    const { clock, queue, progress } = queueRig({ playback: "reported" });
    queue.play("a", audio(1_000));
    queue.play("b", audio(1_000));
    await clock.advance(500);
    queue.report(1, 6_400);
    await clock.advance(50);
    const { report } = queue.clear();
    expect(report.utterances).toEqual([
      { utterance: "a", playedMs: 450, confidence: "reported", done: false },
      { utterance: "b", playedMs: 0, confidence: "estimated", done: true },
    ]);
    const told = progress.length;
    queue.report(1, 6_500);
    expect(progress).toHaveLength(told);
    queue.report(1, 6_960, true);
    expect(progress.at(-1)).toEqual({ utterance: "a", playedMs: 435, confidence: "reported", done: true });
    await clock.advance(1_000);
    expect(progress).toHaveLength(told + 1);
    expect(clock.pendingTimers).toBe(0);
  });

  it("counts nothing that comes too late for an utterance that was cleared", async () => {
    const { clock, queue, sent, progress } = queueRig({ playback: "reported" });
    queue.play("a", audio(1_000));
    await clock.advance(100);
    queue.clear();
    const before = sent.length;
    queue.play("a", audio(1_000));
    queue.endUtterance("a");
    await clock.advance(100);
    expect(sent).toHaveLength(before);
    expect(queue.queuedMs).toBe(0);
    queue.report(1, 1_600, true);
    expect(progress.filter(({ done }) => done)).toHaveLength(1);
  });

  it("is the estimate when no report follows an interruption within 300 ms", async () => {
    const { clock, queue, progress } = queueRig({ playback: "reported" });
    queue.play("a", audio(1_000));
    await clock.advance(500);
    queue.report(1, 6_400);
    const heard = queue.clear().report.utterances[0]?.playedMs as number;
    expect(heard).toBe(400);
    await clock.advance(270);
    expect(progress.filter(({ done }) => done)).toEqual([]);
    await clock.advance(60);
    expect(progress.filter(({ done }) => done)).toEqual([
      { utterance: "a", playedMs: heard, confidence: "estimated", done: true },
    ]);
  });
});

describe("any sequence of calls", () => {
  it("reports each utterance done exactly once, never more than its audio, never falling", async () => {
    const step = fc.oneof(
      fc.record({
        do: fc.constant("play" as const),
        id: fc.integer({ min: 0, max: 4 }),
        ms: fc.integer({ min: 1, max: 400 }),
      }),
      fc.record({ do: fc.constant("end" as const), id: fc.integer({ min: 0, max: 4 }) }),
      fc.record({ do: fc.constant("wait" as const), ms: fc.integer({ min: 1, max: 500 }) }),
      fc.record({ do: fc.constant("clear" as const) }),
      fc.record({
        do: fc.constant("report" as const),
        number: fc.integer({ min: 1, max: 6 }),
        samples: fc.nat({ max: 20_000 }),
        done: fc.boolean(),
      }),
      fc.record({ do: fc.constant("away" as const), ms: fc.integer({ min: 1, max: 300 }) }),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 40 }),
        fc.constantFrom("estimated" as const, "reported" as const),
        async (steps, playback) => {
          const { clock, queue, progress } = queueRig({
            playback,
            resumable: playback === "reported",
            maxQueuedMs: 1_500,
          });
          const played = new Map<string, number>();
          const done = new Set<string>();
          const finish = (id: string): void => {
            expect(done.has(id)).toBe(false);
            done.add(id);
          };
          const last = new Map<string, number>();
          let read = 0;
          const follow = (): void => {
            for (const { utterance, playedMs, done: over } of progress.slice(read)) {
              expect(done.has(utterance)).toBe(false);
              expect(playedMs).toBeGreaterThanOrEqual(last.get(utterance) ?? 0);
              expect(playedMs).toBeLessThanOrEqual((played.get(utterance) ?? 0) + 1e-6);
              last.set(utterance, playedMs);
              if (over) finish(utterance);
            }
            read = progress.length;
          };
          for (const each of steps) {
            if (each.do === "play") {
              played.set(`u${each.id}`, (played.get(`u${each.id}`) ?? 0) + each.ms);
              queue.play(`u${each.id}`, audio(each.ms));
            } else if (each.do === "end") queue.endUtterance(`u${each.id}`);
            else if (each.do === "wait") await clock.advance(each.ms);
            else if (each.do === "report") queue.report(each.number, each.samples, each.done);
            else if (each.do === "clear") {
              follow();
              for (const item of queue.clear().report.utterances) if (item.done) finish(item.utterance);
            } else {
              queue.suspend();
              await clock.advance(each.ms);
              queue.resume();
            }
            expect(queue.queuedMs).toBeLessThanOrEqual(1_500 + 20);
          }
          for (const id of played.keys()) queue.endUtterance(id);
          await clock.advance(20_000);
          queue.close();
          follow();
          expect([...played.keys()].filter((id) => !done.has(id))).toEqual([]);
          expect(clock.pendingTimers).toBe(0);
        },
      ),
      { numRuns: 150 },
    );
  });
});
