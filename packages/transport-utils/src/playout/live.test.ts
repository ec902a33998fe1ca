import { seededRandom } from "@roomkit/testing";
import { describe, expect, it } from "vitest";
import { LiveDelay } from "./live.ts";
import { format, queueRig, samplesOf } from "./rig.fixture.ts";
import { delayMs, live, Source, steps, tone, words } from "./source.fixture.ts";

const FRAME = (format.sampleRate * 20) / 1000;

const loud = (samples: readonly number[]): number => {
  let count = 0;
  for (let i = 0; i < samples.length; i += 160) if (samples.slice(i, i + 160).some((x) => Math.abs(x) > 2_000)) count++;
  return count;
};
describe("a live source", () => {
  it.each([100, 270, 790, 2_000])("is back within its bound a second after a stall of %i ms", async (ms) => {
    const rig = queueRig();
    const source = new Source(rig, words);
    await source.go(1_000);
    source.stall(ms);
    await source.go(1_000);
    expect(delayMs(rig)).toBeLessThanOrEqual(live.maxDelayMs);
    // And it stays there.
    await source.go(3_000);
    expect(delayMs(rig)).toBeLessThanOrEqual(live.maxDelayMs);
  });

  it("stays late without the option: what is queued stays queued", async () => {
    const rig = queueRig();
    const source = new Source(rig, words);
    source.speak = (pieceMs) => {
      const samples = new Int16Array((format.sampleRate * pieceMs) / 1000);
      rig.queue.play("live", { samples, ...format, timestamp: 0 });
    };
    source.stall(790);
    await source.go(2_000);
    expect(delayMs(rig)).toBeGreaterThan(600);
  });

  it("keeps nothing back that came late all at once, within the bound", async () => {
    const rig = queueRig();
    const source = new Source(rig, words);
    for (const ms of [60, 20, 40, 60]) {
      source.stall(ms);
      expect(rig.queue.queuedMs).toBe(0);
      await source.go(600);
    }
    rig.queue.endUtterance("live");
    await rig.clock.advance(1_000);
    expect(samplesOf(rig)).toEqual(Array.from({ length: source.at }, (_, i) => words(i)));
  });

  it.each([words, tone])("does not keep what a short stall has left within the bound: %o", async (sound) => {
    const rig = queueRig();
    const source = new Source(rig, sound);
    await source.go(1_000);
    source.stall(140);
    await source.go(200);
    expect(delayMs(rig)).toBeGreaterThan(live.maxDelayMs / 2 + 30);
    await source.go(3_000);
    expect(delayMs(rig)).toBeLessThanOrEqual(live.maxDelayMs / 2 + 30);
    // A piece that waits for its turn, and what may stand.
    expect(rig.queue.queuedMs).toBeLessThan(20 + 10);
    if (sound === tone) expect(steps(samplesOf(rig))).toBeLessThan(700);
  });

  it("of speech without a pause takes 20 ms each half second, once it has stood for more than one", async () => {
    const rig = queueRig({ leadMs: 400 });
    const source = new Source(rig, tone, 20, { maxDelayMs: 400 });
    await source.go(1_000);
    source.stall(380);
    await source.go(500);
    expect(delayMs(rig)).toBeGreaterThan(330);
    await source.go(5_500);
    expect(delayMs(rig)).toBeLessThanOrEqual(400 / 2 + 50);
    expect(steps(samplesOf(rig))).toBeLessThan(700);
  });

  it("leaves out silence first: no word is touched while that is enough", async () => {
    const rig = queueRig();
    const source = new Source(rig, words);
    await source.go(1_000);
    source.stall(500);
    await source.go(2_500);
    rig.queue.endUtterance("live");
    await rig.clock.advance(1_000);
    const whole = Array.from({ length: source.at }, (_, i) => words(i));
    expect(loud(samplesOf(rig))).toBeGreaterThanOrEqual(loud(whole) - 4);
    expect(samplesOf(rig).length).toBeLessThan(source.at);
  });

  it("plays speech without a pause faster, at its pitch and without clicks", async () => {
    const rig = queueRig();
    const source = new Source(rig, tone);
    await source.go(1_000);
    source.stall(790);
    await source.go(1_000);
    expect(delayMs(rig)).toBeLessThanOrEqual(live.maxDelayMs);
    const samples = samplesOf(rig);
    const crossings = samples.filter((x, i) => i > 0 && x >= 0 && (samples[i - 1] as number) < 0).length;
    const hz = (crossings / samples.length) * format.sampleRate;
    expect(hz).toBeGreaterThan(165);
    expect(hz).toBeLessThan(175);
    // A sine of 170 Hz moves by 534 a sample.
    expect(steps(samples)).toBeLessThan(700);
  });

  it("touches nothing while all comes in time, in whatever pieces", async () => {
    for (const pieceMs of [10, 20, 60, 100]) {
      const rig = queueRig();
      const source = new Source(rig, words, pieceMs);
      await source.go(2_400);
      rig.queue.endUtterance("live");
      await rig.clock.advance(1_000);
      expect(samplesOf(rig)).toEqual(Array.from({ length: source.at }, (_, i) => words(i)));
    }
  });

  it.each([8, 16, 23, 45])("does not let the rest of a piece of %i ms wait for the next one", async (ms) => {
    const rig = queueRig();
    const source = new Source(rig, words, ms);
    await source.go(1_000);
    const waits = ms < 10 ? 20 : 0;
    expect(rig.queue.queuedMs).toBeLessThanOrEqual(waits);
    expect(Math.max(...rig.sent.map(({ frame }) => frame.samples.length))).toBeLessThanOrEqual(FRAME);
    // Very short pieces are gathered: each would be a message.
    if (waits > 0) expect(rig.sent.slice(0, -1).every(({ frame }) => frame.samples.length === FRAME)).toBe(true);
    rig.queue.endUtterance("live");
    await rig.clock.advance(1_000);
    expect(samplesOf(rig)).toEqual(Array.from({ length: source.at }, (_, i) => words(i)));
  });

  it("is in step again with its pieces after one of another length", async () => {
    const rig = queueRig();
    const source = new Source(rig, words);
    await source.go(200);
    source.speak(13);
    await source.go(400);
    const lengths = rig.sent.map(({ frame }) => frame.samples.length);
    expect(lengths.slice(-15)).toEqual(Array.from({ length: 15 }, () => FRAME));
    expect(rig.queue.queuedMs).toBe(0);
  });

  it("waits for whole frames where those are wanted", async () => {
    const rig = queueRig({ wholeFrames: true });
    const source = new Source(rig, tone, 16);
    await source.go(1_000);
    expect(rig.sent.every(({ frame }) => frame.samples.length === FRAME)).toBe(true);
    expect(samplesOf(rig)).toEqual(Array.from({ length: rig.sent.length * FRAME }, (_, i) => tone(i)));
  });

  it("is never late by what cannot be cut", () => {
    let found = 0;
    for (let waitingMs = 30; waitingMs < 160; waitingMs += 0.03) {
      const delay = new LiveDelay(format, 120);
      const samples = new Int16Array(Math.round((waitingMs * format.sampleRate) / 1000)).map((_, i) => tone(i));
      for (let tick = 0; tick < 200; tick++) {
        if (!delay.late(waitingMs, tick * 20)) continue;
        expect(delay.shorten(samples, tick * 20).length).toBeLessThan(samples.length);
        found++;
        break;
      }
    }
    expect(found).toBeGreaterThan(2_000);
  });

  it("keeps what is newest for a client that is gone for a while", async () => {
    const rig = queueRig({ resumable: true });
    const source = new Source(rig, tone);
    await source.go(500);
    rig.queue.suspend();
    await source.go(5_000);
    expect(rig.queue.queuedMs).toBeLessThanOrEqual(live.maxDelayMs + 10);
    rig.queue.resume();
    await source.go(500);
    expect(delayMs(rig)).toBeLessThanOrEqual(live.maxDelayMs);
    const samples = samplesOf(rig);
    expect(samples.at(-1)).toBeDefined();
  });

  it("leaves another utterance behind it whole, and its own end", async () => {
    const rig = queueRig();
    const source = new Source(rig, tone);
    source.stall(1_500);
    rig.queue.endUtterance("live");
    const answer = Int16Array.from({ length: 16 * 750 }, (_, i) => i);
    rig.queue.play("answer", { samples: answer, ...format, timestamp: 0 });
    rig.queue.endUtterance("answer");
    await rig.clock.advance(4_000);
    expect(samplesOf(rig, "answer")).toEqual([...answer]);
    expect(rig.progress.filter(({ done }) => done).map(({ utterance }) => utterance)).toEqual(["live", "answer"]);
    expect(rig.queue.queuedMs).toBe(0);
  });

  it("survives any order of stalls, pauses, keys, clears and departures", async () => {
    for (let seed = 1; seed <= 40; seed++) {
      const random = seededRandom(seed);
      const rig = queueRig({ resumable: seed % 2 === 0, wholeFrames: seed % 3 === 0 });
      const source = new Source(rig, random() < 0.5 ? words : tone, random() < 0.5 ? 20 : 50);
      let away = false;
      for (let step = 0; step < 60; step++) {
        const dice = random();
        if (dice < 0.5) await source.go(100);
        else if (dice < 0.65) source.stall(Math.ceil(random() * 20) * 100);
        else if (dice < 0.75) await rig.clock.advance(Math.floor(random() * 500));
        else if (dice < 0.8) rig.queue.play("live", { digit: "5", toneMs: 60, pauseMs: 40 });
        else if (dice < 0.85) rig.willing = !rig.willing;
        else if (dice < 0.95) {
          if (away) rig.queue.resume();
          else rig.queue.suspend();
          away = !away;
        } else rig.queue.play(`say-${step}`, { samples: new Int16Array(FRAME + 7).fill(1), ...format, timestamp: 0 });
        expect(rig.queue.queuedMs).toBeGreaterThanOrEqual(0);
        expect(rig.queue.queuedMs).toBeLessThanOrEqual(20_000);
      }
      rig.willing = true;
      if (away) rig.queue.resume();
      rig.queue.close();
      expect(rig.clock.pendingTimers).toBe(0);
      expect(rig.queue.queuedMs).toBe(0);
    }
  });

  it.each([0, 59, 5_001, Number.NaN])("refuses a delay of %d ms", (maxDelayMs) => {
    const { queue } = queueRig();
    const frame = { samples: new Int16Array(FRAME), ...format, timestamp: 0 };
    expect(() => queue.play("live", frame, { live: { maxDelayMs } })).toThrow("maxDelayMs");
  });
});
