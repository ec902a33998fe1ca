import { seededRandom } from "@roomkit/testing";
import { describe, expect, it } from "vitest";
import { audio, format, queueRig } from "./rig.fixture.ts";

const samples = (ms: number): number => (format.sampleRate * ms) / 1000;
const tracked = () => queueRig({ reportsWithinMs: 1_000, leadMs: 40, wholeFrames: true });

/**
 * What comes of a client that may report how far its track was played, and what it does:
 *
 * | comes                            | no report yet                    | reported                                   | estimated again   |
 * | -------------------------------- | -------------------------------- | ------------------------------------------ | ----------------- |
 * | report                           | reported from now on             | position, never falling, never past sent   | reported again    |
 * | report before the first audio    | nothing                          | nothing                                    | nothing           |
 * | `clear`                          | final at once, estimated         | carried on; 300 ms for the exact count     | final, estimated  |
 * | exact count                      | nothing                          | of what was cleared: done. Else nothing    | nothing           |
 * | report of what was cleared       | nothing                          | the exact count is at least that           | nothing           |
 * | no report for 1 s while it plays | nothing                          | estimated                                  | nothing           |
 * | the reports cannot be true       | nothing                          | estimated                                  | nothing           |
 * | all played by the last report and the clock | nothing               | done, reported                             | done, estimated   |
 * | the client goes and comes back   | goes on                          | goes on; 1 s from the first audio          | goes on           |
 */
describe("what was heard by a client that reports of its track", () => {
  it("is reported from the first report on, carried on by the clock, and done by both", async () => {
    const { clock, queue, progress } = tracked();
    queue.play("a", audio(1_000));
    queue.endUtterance("a");
    await clock.advance(400);
    expect(queue.reports.believed).toBe(false);
    for (let ms = 250; ms <= 850; ms += 200) {
      queue.report(1, samples(ms));
      expect(queue.reports.believed).toBe(true);
      await clock.advance(200);
    }
    expect(progress.filter(({ confidence }) => confidence === "reported").map(({ playedMs }) => playedMs)).toEqual([
      250, 450, 650, 850, 1_000,
    ]);
    expect(progress.at(-1)).toEqual({ utterance: "a", playedMs: 1_000, confidence: "reported", done: true });
    await clock.advance(5_000);
    expect(clock.pendingTimers).toBe(0);
  });

  it("is exact after an interruption, of the one that played and of the one behind it", async () => {
    const { clock, queue, progress } = tracked();
    queue.play("a", audio(600));
    queue.endUtterance("a");
    queue.play("b", audio(2_000));
    await clock.advance(300);
    queue.report(1, samples(200));
    await clock.advance(350);
    queue.report(1, samples(500));
    await clock.advance(50);
    const { report, number } = queue.clear();
    // The clock alone would say that 100 ms of the second were played.
    expect(report.utterances).toEqual([
      { utterance: "a", playedMs: 550, confidence: "reported", done: false },
      { utterance: "b", playedMs: 0, confidence: "reported", done: false },
    ]);
    queue.report(1, samples(570));
    expect(progress.filter(({ done }) => done)).toEqual([]);
    queue.reportCleared(number);
    queue.reportCleared(number);
    expect(progress.filter(({ done }) => done)).toEqual([
      { utterance: "a", playedMs: 570, confidence: "reported", done: true },
      { utterance: "b", playedMs: 0, confidence: "reported", done: true },
    ]);
    await clock.advance(2_000);
    expect(progress.filter(({ done }) => done)).toHaveLength(2);
    expect(clock.pendingTimers).toBe(0);
  });

  it.each([
    ["never comes", () => {}],
    ["is of an utterance before", (queue: ReturnType<typeof tracked>["queue"]) => queue.reportCleared(0)],
    ["cannot be true", (queue: ReturnType<typeof tracked>["queue"]) => queue.reports.fail()],
  ])("is what is known when the exact count %s", async (_, comes) => {
    const { clock, queue, progress } = tracked();
    queue.play("a", audio(2_000));
    await clock.advance(500);
    queue.report(1, samples(400));
    const [heard] = queue.clear().report.utterances;
    expect(heard).toMatchObject({ playedMs: 400, done: false });
    comes(queue);
    await clock.advance(280);
    expect(progress.filter(({ done }) => done)).toEqual([]);
    await clock.advance(60);
    expect(progress.at(-1)).toEqual({ utterance: "a", playedMs: 400, confidence: "estimated", done: true });
    await clock.advance(2_000);
    expect(clock.pendingTimers).toBe(0);
  });

  it("is estimated again when the reports stop, and reported when they come back", async () => {
    const { clock, queue, progress } = tracked();
    queue.play("a", audio(5_000));
    await clock.advance(500);
    queue.report(1, samples(400));
    await clock.advance(900);
    expect(queue.reports.believed).toBe(true);
    await clock.advance(200);
    expect(queue.reports.believed).toBe(false);
    const [estimated] = progress.slice(-1);
    expect(estimated).toMatchObject({ confidence: "estimated" });
    queue.report(1, samples(1_500));
    expect(queue.reports.believed).toBe(true);
    expect(progress.at(-1)).toEqual({ utterance: "a", playedMs: 1_500, confidence: "reported", done: false });
  });

  it("does not miss reports while nothing plays", async () => {
    const { clock, queue } = tracked();
    queue.play("a", audio(200));
    await clock.advance(100);
    queue.report(1, samples(50));
    await clock.advance(100);
    queue.report(1, samples(200));
    await clock.advance(60_000);
    expect(queue.reports.believed).toBe(true);
    queue.play("a", audio(2_000));
    await clock.advance(900);
    expect(queue.reports.believed).toBe(true);
    await clock.advance(200);
    expect(queue.reports.believed).toBe(false);
  });

  it("is settled of a client that goes silent at the very end", async () => {
    const { clock, queue, progress } = tracked();
    queue.play("a", audio(1_000));
    queue.endUtterance("a");
    await clock.advance(100);
    queue.report(1, samples(60));
    await clock.advance(10_000);
    expect(progress.filter(({ done }) => done)).toEqual([
      { utterance: "a", playedMs: 1_000, confidence: "estimated", done: true },
    ]);
    expect(clock.pendingTimers).toBe(0);
  });
});

describe("in any order", () => {
  it.each(Array.from({ length: 60 }, (_, seed) => seed))(
    "every utterance is done once, and never more than was sent (seed %i)",
    async (seed) => {
      const random = seededRandom(seed);
      const rig = tracked();
      const { clock, queue, progress, sent } = rig;
      const done = new Map<string, number>();
      const names: string[] = [];
      const sentMs = (utterance: string): number =>
        sent.reduce((sum, { frame }) => sum + (frame.utterance === utterance ? frame.samples.length : 0), 0) / 16;
      let read = 0;
      const follow = (): void => {
        for (const each of progress.slice(read)) {
          expect(done.has(each.utterance)).toBe(false);
          expect(each.playedMs).toBeLessThanOrEqual(sentMs(each.utterance) + 1e-6);
          if (each.done) done.set(each.utterance, each.playedMs);
        }
        read = progress.length;
      };
      const clear = (): number => {
        follow();
        const { report, number } = queue.clear();
        for (const each of report.utterances) if (each.done) done.set(each.utterance, each.playedMs);
        return number;
      };
      const steps: (() => unknown)[] = [
        () => {
          if (random() < 0.4 || names.length === 0) names.push(`u${names.length}`);
          queue.play(names.at(-1) as string, audio(1 + Math.floor(random() * 600)));
        },
        () => queue.endUtterance(names.at(-1) ?? "u0"),
        () => clock.advance(Math.floor(random() * 700)),
        () => queue.report(1 + Math.floor(random() * (names.length + 1)), Math.floor(random() * 20_000)),
        () => queue.report(names.length, samples(random() * 500), random() < 0.1),
        () => queue.reportCleared(Math.floor(random() * (names.length + 2))),
        () => queue.reports.fail(),
        () => clear(),
        async () => {
          // The client answers after a while, or another clear comes first.
          const number = clear();
          await clock.advance(Math.floor(random() * 400));
          queue.report(number, Math.floor(random() * 9_000));
          queue.reportCleared(number);
        },
        async () => {
          queue.suspend();
          await clock.advance(Math.floor(random() * 2_000));
          queue.resume();
        },
      ];
      for (let i = 0; i < 60; i++) {
        await steps[Math.floor(random() * steps.length)]?.();
        follow();
      }
      for (const name of names) queue.endUtterance(name);
      await clock.advance(30_000);
      follow();
      expect(names.filter((name) => !done.has(name))).toEqual([]);
      expect(clock.pendingTimers).toBe(0);
      queue.close();
      expect(progress).toHaveLength(read);
    },
  );
});
