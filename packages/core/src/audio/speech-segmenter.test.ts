import { describe, expect, it } from "vitest";
import type { VadEvent } from "../contracts/stage.ts";
import { SpeechSegmenter } from "./speech-segmenter.ts";

/** `#` is 10 ms of speech (a third of the proof), `.` of silence, `~` of neither, `_` a gap without audio. */
function run(pattern: string, options = {}, segmenter?: SpeechSegmenter): VadEvent[] {
  const machine = segmenter ?? new SpeechSegmenter({ silenceThresholdMs: 50, maxSpeechMs: 1_000, ...options });
  const events: VadEvent[] = [];
  [...pattern].forEach((hop, i) => {
    if (hop === "_") return;
    const evidence = { "#": 1 / 3, "~": 0, ".": -1 / 3 }[hop] as number;
    machine.push({ timestamp: 10 * i, durationMs: 10, evidence, sustained: hop !== "." });
    for (let event = machine.take(); event; event = machine.take()) events.push(event);
  });
  return events;
}

const start = (timestamp: number): VadEvent => ({ type: "speech-start", timestamp });
const end = (timestamp: number, durationMs: number): VadEvent => ({ type: "speech-end", timestamp, durationMs });

describe("SpeechSegmenter", () => {
  it.each<[string, string, VadEvent[]]>([
    ["silence", "....................", []],
    ["a click", "...##...............", []],
    ["clicks apart", "..##..##..##..##....", []],
    ["speech", "..######........", [start(20), end(80, 60)]],
    ["speech with a dip at its onset", "..##~.##......", [start(20), end(80, 60)]],
    ["speech with a pause", "..####....####......", [start(20), end(140, 120)]],
    ["a pause just too long", "..####.....####.....", [start(20), end(60, 40), start(110), end(150, 40)]],
    ["speech that fades", "..###~~~~.....", [start(20), end(90, 70)]],
    ["audio that stops", "..####____________....", [start(20), end(60, 40)]],
    ["audio that goes on after a gap", "..####_________####.....", [start(20), end(60, 40), start(150), end(190, 40)]],
    ["half a proof before a gap", "..##_______#......", []],
    ["speech from the first sample", "###.....", [start(0), end(30, 30)]],
    ["speech without end", "..######", [start(20)]],
  ])("%s", (_, pattern, expected) => {
    expect(run(pattern)).toEqual(expected);
  });

  it.each([
    ["a knock, while its silence is waited out", "..####....", 40],
    ["two sounds as close as those of a word", "..####...####...", 110],
    ["two sounds 80 ms apart", "..####........####", 160],
    ["two knocks", "..####.........####", 80],
    ["speech that fades", "..###~~~~..", 70],
    ["speech that is over, until the next begins", "..####............##", 40],
    ["the next speech alone", "..#########............####.", 40],
    ["nothing", ".....", 0],
  ])("counts only speech as speech: %s", (_, pattern, ms) => {
    const segmenter = new SpeechSegmenter({ silenceThresholdMs: 100, maxSpeechMs: 1_000 });
    run(pattern, {}, segmenter);
    expect(segmenter.speechMs).toBe(ms);
    segmenter.reset();
    expect(segmenter.speechMs).toBe(0);
  });

  it("counts what belongs to the decision that was taken, not to those that wait", () => {
    const segmenter = new SpeechSegmenter({ silenceThresholdMs: 50, maxSpeechMs: 1_000 });
    const hop = (n: number, speech: boolean): void =>
      segmenter.push({ timestamp: 10 * n, durationMs: 10, evidence: speech ? 1 / 3 : -1 / 3, sustained: speech });
    for (let n = 0; n < 4; n++) hop(n, true);
    for (let n = 4; n < 10; n++) hop(n, false);
    for (let n = 10; n < 20; n++) hop(n, true);
    expect([segmenter.take()?.type, segmenter.speechMs]).toEqual(["speech-start", 30]);
    expect([segmenter.take()?.type, segmenter.speechMs]).toEqual(["speech-end", 40]);
    expect([segmenter.take()?.type, segmenter.speechMs]).toEqual(["speech-start", 100]);
  });

  it("begins no earlier than its proof may have taken", () => {
    const segmenter = new SpeechSegmenter({ silenceThresholdMs: 50, maxSpeechMs: 1_000, maxProofMs: 60 });
    expect(run("#~~~~~~~~~##", {}, segmenter)).toEqual([start(60)]);
    expect(segmenter.speechMs).toBe(60);
    expect(run("..###.....", { maxProofMs: 60 })).toEqual([start(20), end(50, 30)]);
  });

  it("cuts speech that is too long and goes on after it", () => {
    expect(run(`..${"#".repeat(25)}......`, { maxSpeechMs: 100 })).toEqual([
      start(20),
      end(120, 100),
      start(120),
      end(220, 100),
      start(220),
      end(270, 50),
    ]);
  });

  it("ends open speech once when told that no more can be judged", () => {
    const segmenter = new SpeechSegmenter({ silenceThresholdMs: 50, maxSpeechMs: 1_000 });
    segmenter.finish();
    expect(run("..####..", {}, segmenter)).toEqual([start(20)]);
    expect(segmenter.speaking).toBe(true);
    segmenter.finish();
    segmenter.finish();
    expect([segmenter.take(), segmenter.take()]).toEqual([end(60, 40), undefined]);
  });

  it("forgets on reset, even the clock", () => {
    const segmenter = new SpeechSegmenter({ silenceThresholdMs: 50, maxSpeechMs: 1_000 });
    run(`${".".repeat(100)}####`, {}, segmenter);
    segmenter.reset();
    expect(segmenter.speaking).toBe(false);
    expect(run("..####......", {}, segmenter)).toEqual([start(20), end(60, 40)]);
  });

  it("never lets time run backwards", () => {
    const segmenter = new SpeechSegmenter({ silenceThresholdMs: 50, maxSpeechMs: 1_000 });
    const events = [...run(`${".".repeat(20)}#####`, {}, segmenter), ...run("#####.....", {}, segmenter)];
    segmenter.finish();
    for (let event = segmenter.take(); event; event = segmenter.take()) events.push(event);
    expect(events).toEqual([start(200), end(250, 50)]);
  });

  it("keeps pairs whole when nobody takes them", () => {
    const segmenter = new SpeechSegmenter({ silenceThresholdMs: 50, maxSpeechMs: 1_000 });
    for (let i = 0; i < 10_000; i++) {
      const sustained = i % 20 < 10;
      segmenter.push({ timestamp: 10 * i, durationMs: 10, evidence: sustained ? 1 / 3 : -1 / 3, sustained });
    }
    const types: string[] = [];
    for (let event = segmenter.take(); event; event = segmenter.take()) types.push(event.type);
    expect(types.length).toBe(32);
    types.forEach((type, i) => {
      expect(type).toBe(i % 2 === 0 ? "speech-start" : "speech-end");
    });
  });
});
