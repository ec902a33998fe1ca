import { type AudioFrame, frameDurationMs, type VadEvent, type VadFactory } from "@roomkit/core";
import { inFrames, inSequence, quiet, seededRandom, speechLike } from "@roomkit/testing";
import { energyVad } from "@roomkit/vad-energy";
import { describe, expect, it } from "vitest";
import { type FakeVad, mono, openStream, recorder, type TestStream, vadThat } from "./stages.fixture.ts";

const ramp = (length: number): Int16Array => Int16Array.from({ length }, (_, i) => i % 30_000);
const start = (timestamp: number): VadEvent => ({ type: "speech-start", timestamp });
const end = (timestamp: number, durationMs: number): VadEvent => ({ type: "speech-end", timestamp, durationMs });

/** A stream whose VAD answers its n-th 20 ms frame (from 1) as the table says, fed `count` frames. */
function run(answers: Record<number, VadEvent>, count: number, speechPadMs = 100, lagMs?: number): TestStream {
  const opened = openStream({ vad: vadThat((_, n) => answers[n], { speechPadMs, lagMs }) });
  for (const frame of inFrames(ramp(320 * count), mono(16_000))) opened.stream.processInbound(frame);
  return opened;
}

function preRollOf({ events }: TestStream, which = 0): readonly AudioFrame[] {
  return events.flatMap((event) => (event.name === "speech-start" ? [event.preRoll] : []))[which] ?? [];
}

describe("speech", () => {
  it("is told between its frames: the start after the frame that proved it, the end likewise", () => {
    const { events } = run({ 4: start(30), 7: end(90, 60) }, 8);
    expect(events.map((event) => (event.name === "frame" ? event.speech : event.name))).toEqual([
      false,
      false,
      false,
      false,
      "speech-start",
      true,
      true,
      true,
      "speech-end",
      false,
    ]);
  });

  it("comes with the audio from the pad before it up to now, to the sample", () => {
    // Known at 300 ms, began at 205 ms, so the pre-roll is 105 ms to 300 ms.
    const opened = run({ 15: start(205) }, 15);
    const preRoll = preRollOf(opened);
    expect(preRoll[0]?.timestamp).toBe(105);
    expect(preRoll.flatMap((frame) => [...frame.samples])).toEqual([...ramp(4_800).subarray(1_680)]);
    for (let i = 1; i < preRoll.length; i++) {
      const before = preRoll[i - 1] as AudioFrame;
      expect(preRoll[i]?.timestamp).toBeCloseTo(before.timestamp + frameDurationMs(before), 6);
    }
  });

  it("has as much pre-roll as there is", () => {
    expect(preRollOf(run({ 2: start(0) }, 2)).flatMap((frame) => [...frame.samples])).toEqual([...ramp(640)]);
    expect(preRollOf(run({ 2: start(-900) }, 2)).flatMap((frame) => [...frame.samples])).toEqual([...ramp(640)]);
  });

  it.each([
    ["two seconds", undefined, 2_000],
    ["as late as the detector says it is", 700, 700],
    ["nothing, where it says that it is at once", 0, 0],
  ])("keeps no more than the pad and %s", (_, lagMs, kept) => {
    const preRoll = preRollOf(run({ 400: start(0) }, 400, 300, lagMs));
    const lengthMs = preRoll.reduce((sum, frame) => sum + frameDurationMs(frame), 0);
    expect(lengthMs).toBeGreaterThanOrEqual(kept + 300);
    expect(lengthMs).toBeLessThanOrEqual(kept + 320);
  });

  /** Where each pre-roll and what followed it as speech begins and ends, ms. */
  function stretches({ events }: TestStream): [from: number, to: number][] {
    const found: [from: number, to: number][] = [];
    for (const event of events) {
      if (event.name === "speech-start") found.push([event.preRoll[0]?.timestamp ?? Number.NaN, Number.NaN]);
      const last = event.name === "speech-start" ? event.preRoll.at(-1) : event.name === "frame" && event.frame;
      const latest = found.at(-1);
      if (last && latest && (event.name === "speech-start" || (event.name === "frame" && event.speech)))
        latest[1] = Math.round(last.timestamp + frameDurationMs(last));
    }
    return found;
  }

  it.each<[what: string, answers: Record<number, VadEvent>, padMs: number, second: number]>([
    // The end at 300 ms is known at 400 ms.
    [
      "in the middle of a short pause, though that was given as the end of the words before",
      { 23: start(420) },
      500,
      360,
    ],
    ["there too where the start was at once, and its first sound was given before", { 21: start(340) }, 500, 320],
    ["where no pause was, without anything twice", { 21: start(300) }, 500, 300],
    ["where the pad does, if that is later", { 23: start(420) }, 30, 390],
    ["where nobody was given the audio yet, if the pause is long", { 40: start(760) }, 500, 400],
    ["as early as it may, on a clock that was set back", { 23: start(100) }, 50, 50],
  ])("begins %s", (_, answers, padMs, second) => {
    const opened = run({ 5: start(60), 20: end(300, 240), ...answers }, 45, padMs);
    expect(stretches(opened).map(([from]) => from)).toEqual([Math.max(0, 60 - padMs), second]);
    expect(stretches(opened).map(([, to]) => to)).toEqual([400, 900]);
    // To the sample.
    expect(preRollOf(opened, 1)[0]?.samples[0]).toBe(second * 16);
  });

  it("has the first sound of every word, however late the detector is, and no silence of a pause three times", () => {
    const random = seededRandom(20_261_130);
    const next = (below: number): number => Math.floor(random() * below);
    for (let round = 0; round < 200; round++) {
      const lag = next(12);
      const words: [from: number, to: number][] = [];
      for (let at = 40 + next(400); at < 4_000; ) {
        const to = at + 60 + next(500);
        words.push([at, to]);
        at = to + 200 + next(600);
      }
      const answers: Record<number, VadEvent> = {};
      // Both are known 100 and 200 ms after the fact, and the lag later.
      for (const [from, to] of words) {
        answers[Math.ceil((from + 50) / 20) + 1 + lag] = start(from);
        answers[Math.ceil((to + 200) / 20) + 1 + lag] = end(to, to - from);
      }
      const found = stretches(run(answers, 300));
      expect(found).toHaveLength(words.length);
      for (const [i, [from, to]] of words.entries()) {
        const [begun, ended] = found[i] as [number, number];
        const paused = from - (words[i - 1]?.[1] ?? Number.NEGATIVE_INFINITY);
        expect(begun).toBeLessThanOrEqual(Math.max(0, from - Math.min(100, paused / 2)) + 0.1);
        expect(begun).toBeGreaterThanOrEqual(Math.max(0, from - Math.max(100, paused / 2)) - 0.1);
        expect(ended).toBeGreaterThanOrEqual(to);
      }
    }
  });

  describe("is told with how much of it was speech", () => {
    const told = (vad: VadFactory, frames: number): (number | undefined)[] => {
      const opened = openStream({ vad });
      for (const frame of inFrames(ramp(320 * frames), mono(16_000))) opened.stream.processInbound(frame);
      return opened.events.flatMap((event) => (event.name === "frame" ? [event.speechMs] : []));
    };
    const events: Record<number, VadEvent> = { 3: start(20), 8: end(100, 80) };
    const factory = (more: (n: number) => { probability: number; speechMs?: number }): VadFactory => ({
      name: "third-party",
      speechPadMs: 100,
      open: () => {
        let n = 0;
        return {
          process: () => events[++n],
          get probability() {
            return more(n).probability;
          },
          get speechMs() {
            return more(n).speechMs as number;
          },
          reset() {},
          close() {},
        };
      },
    });

    it("as the detector counts it", () => {
      expect(
        told(
          factory((n) => ({ probability: 1, speechMs: 7 * n })),
          4,
        ),
      ).toEqual([7, 14, 21, 28]);
    });

    it("or by how likely it finds each frame", () => {
      const vad = factory((n) => ({ probability: n >= 2 && n <= 5 ? 0.5 : 0.49 }));
      // The silence from frame 6 on is waited out, not counted.
      expect(told(vad, 10)).toEqual([undefined, 20, 40, 60, 80, 80, 80, 80, 0, 0]);
    });

    it("or not at all, by one that never finds any likely", () => {
      expect(
        told(
          factory(() => ({ probability: 0 })),
          5,
        ),
      ).toEqual([undefined, undefined, undefined, undefined, undefined]);
    });
  });

  it("is ended by close, once", () => {
    const opened = run({ 3: start(25) }, 10);
    opened.stream.close();
    opened.stream.close();
    expect(opened.notable().slice(1)).toEqual([{ name: "speech-end", timestamp: 200, durationMs: 175 }]);
    const quietOne = run({ 3: start(25), 6: end(80, 55) }, 10);
    quietOne.stream.close();
    expect(quietOne.notable().map((event) => event.name)).toEqual(["speech-start", "speech-end"]);
  });

  it("is ended when its detector fails for a second", () => {
    let broken = false;
    const vad = vadThat((_, n) => {
      if (broken) throw new Error("made to fail");
      return n === 3 ? start(25) : undefined;
    });
    const opened = openStream({ vad, maxStageFailures: 1_000 });
    const feed = (count: number, from: number): void => {
      for (const frame of inFrames(ramp(320 * count), mono(16_000), undefined, from))
        opened.stream.processInbound(frame);
    };
    feed(5, 0);
    broken = true;
    feed(49, 100);
    expect(opened.notable().map((event) => event.name)).toEqual(["speech-start", "stage-error"]);
    feed(10, 1_080);
    expect(opened.notable().slice(2)).toEqual([{ name: "speech-end", timestamp: 1_100, durationMs: 1_075 }]);
    expect((vad.opened[0] as FakeVad).resets).toBe(1);
  });

  it("survives a detector that fails now and then", () => {
    const opened = openStream({
      vad: vadThat((_, n) => {
        if (n > 5 && n % 2 === 0) throw new Error("made to fail");
        return { 3: start(25), 201: end(3_900, 3_875) }[n];
      }),
    });
    for (const frame of inFrames(ramp(320 * 210), mono(16_000))) opened.stream.processInbound(frame);
    expect(opened.notable().map((event) => event.name)).toEqual(["speech-start", "stage-error", "speech-end"]);
  });

  it("follows no detector that ends what did not begin, begins what did not end, or names no time", () => {
    const opened = run(
      { 2: end(20, 10), 3: start(Number.NaN), 4: start(60), 6: start(90), 7: end(120, Number.NaN), 8: end(140, 80) },
      10,
    );
    expect(opened.notable().map((event) => event.name)).toEqual(["stage-error", "speech-start", "speech-end"]);
    expect(opened.notable()[0]).toMatchObject({ stage: "fake-vad", error: { code: "invalid_stage_output" } });
  });

  it("stops at once when a listener closes the stream", () => {
    for (const name of ["frame", "speech-start"] as const) {
      const vad = vadThat((_, n) => (n === 2 ? start(10) : undefined));
      const tape = recorder();
      const opened = openStream({ vad, recorder: tape });
      opened.stream.on(name, () => opened.stream.close());
      opened.stream.processInbound({ samples: ramp(320 * 10), ...mono(16_000), timestamp: 0 });
      const kinds = opened.events.map((event) => event.name);
      expect(kinds.filter((kind) => kind === "speech-start")).toHaveLength(name === "frame" ? 0 : 1);
      expect(kinds.filter((kind) => kind === "speech-end")).toHaveLength(name === "frame" ? 0 : 1);
      const pieces = name === "frame" ? 1 : 2;
      expect(kinds.filter((kind) => kind === "frame")).toHaveLength(pieces);
      expect(tape.opened[0]?.frames).toHaveLength(pieces);
    }
  });
});

describe("with a real detector", () => {
  it.each([
    [8_000, 160],
    [16_000, 320],
    [48_000, 960],
    [48_000, 4_096],
  ])("at %d Hz in frames of %d samples, speech reaches the listener whole", (rate, length) => {
    const opened = openStream({ vad: energyVad({ speechPadMs: 200 }) }, mono(rate));
    const speech = speechLike(rate, 1_500, 4_000);
    const call = inSequence(quiet(rate, 1_000), speech, quiet(rate, 1_200), speech, quiet(rate, 1_200));
    for (const frame of inFrames(call, mono(rate), length)) opened.stream.processInbound(frame);
    const kinds = opened.notable().map((event) => event.name);
    expect(kinds).toEqual(["speech-start", "speech-end", "speech-start", "speech-end"]);
    // Pre-roll and the frames after it: from 200 ms before the first sound on, without a hole.
    const utterances: AudioFrame[][] = [];
    for (const event of opened.events) {
      if (event.name === "speech-start") utterances.push([...event.preRoll]);
      else if (event.name === "frame" && event.speech) utterances.at(-1)?.push(event.frame);
    }
    for (const [i, frames] of utterances.entries()) {
      const began = [1_000, 3_700][i] as number;
      const first = frames[0] as AudioFrame;
      expect(first.timestamp).toBeGreaterThan(began - 215);
      expect(first.timestamp).toBeLessThan(began - 150);
      let at = first.timestamp;
      for (const frame of frames) {
        expect(frame.timestamp).toBeCloseTo(at, 3);
        at += frameDurationMs(frame);
      }
      expect(at).toBeGreaterThan(began + 1_500);
    }
  });
});
