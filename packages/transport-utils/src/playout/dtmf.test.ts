import type { DtmfPress } from "@roomkit/core";
import { expect, it } from "vitest";
import { audio, queueRig, samplesOf } from "./rig.fixture.ts";

const key = (digit: DtmfPress["digit"], toneMs = 60, pauseMs = 40): DtmfPress => ({ digit, toneMs, pauseMs });

it("keys take their place and their time among the audio, as silence", async () => {
  const rig = queueRig();
  // What does not fill a frame goes before a key, not around it.
  rig.queue.play("a", audio(50, 1));
  rig.queue.play("a", key("1", 50));
  rig.queue.play("a", audio(20, 5_000));
  rig.queue.endUtterance("a");
  await rig.clock.advance(1_000);
  expect(rig.sent.map(({ frame: { samples, dtmf, end } }) => [samples.length / 16, dtmf, end])).toEqual([
    [20, undefined, false],
    [20, undefined, false],
    [10, undefined, false],
    [20, { digit: "1", begins: true, ends: false }, false],
    [20, { digit: "1", begins: false, ends: false }, false],
    [20, { digit: "1", begins: false, ends: true }, false],
    [20, undefined, false],
    [20, undefined, false],
    [20, undefined, false],
    [0, undefined, true],
  ]);
  expect(samplesOf(rig).slice(800, 800 + 1_600)).toEqual(Array(1_600).fill(0));
  expect(rig.progress.at(-1)).toEqual({ utterance: "a", playedMs: 170, confidence: "estimated", done: true });
});

it("keys are paced, cleared and dropped as audio is", async () => {
  const rig = queueRig({ leadMs: 40, maxQueuedMs: 1_000 });
  rig.queue.play("a", key("1"));
  rig.queue.play("a", key("2"));
  expect(rig.queue.queuedMs).toBe(160);
  await rig.clock.advance(20);
  const { report } = rig.queue.clear();
  expect(report.utterances).toEqual([{ utterance: "a", playedMs: 20, confidence: "estimated", done: true }]);
  // Cleared: what comes of it later is nobody's.
  rig.queue.play("a", key("3"));
  await rig.clock.advance(500);
  expect(rig.sent.map(({ frame }) => frame.dtmf?.digit)).toEqual(["1", "1", "1"]);
  for (let i = 0; i < 20; i++) rig.queue.play(`u${i}`, key("5"));
  expect(rig.queue.queuedMs).toBeLessThanOrEqual(1_000);
  expect(rig.dropped.length).toBeGreaterThan(5);
  rig.queue.close();
  rig.queue.play("z", key("6"));
  expect(rig.queue.queuedMs).toBe(0);
});
