import type { AudioFrame } from "@roomkit/core";
import { frameDurationMs } from "@roomkit/core";
import { inFrames, inSequence, tone } from "@roomkit/testing";
import { describe, expect, it } from "vitest";
import { changer, failing, mono, openStream, plus, recorder, type TestStream } from "./stages.fixture.ts";

const ramp = (length: number): Int16Array => Int16Array.from({ length }, (_, i) => i);

function say({ stream }: TestStream, frames: AudioFrame[]): AudioFrame[] {
  return [...frames.map((frame) => stream.processOutbound(frame)), stream.flushOutbound()];
}

const samplesOf = (frames: AudioFrame[]): Int16Array => inSequence(...frames.map((frame) => frame.samples));

describe("the outbound path", () => {
  it("hands a frame of the transport's format through as it is", () => {
    const { stream } = openStream({}, mono(48_000), mono(24_000));
    const samples = ramp(480);
    const out = stream.processOutbound({ samples, ...mono(24_000), timestamp: 60 });
    expect(out).toEqual({ samples, ...mono(24_000), timestamp: 60 });
    expect(out.samples).toBe(samples);
    expect(stream.flushOutbound().samples).toHaveLength(0);
  });

  it.each([
    [16_000, 24_000],
    [22_050, 8_000],
    [24_000, 48_000],
    [48_000, 16_000],
  ])("brings an utterance from %d to %d Hz, to its last sample", (from, to) => {
    const opened = openStream({}, mono(16_000), mono(to));
    const spoken = tone(from, 500, 600, 6_000);
    for (let utterance = 0; utterance < 2; utterance++) {
      const out = say(opened, inFrames(spoken, mono(from)));
      const samples = samplesOf(out);
      expect(samples).toHaveLength(Math.ceil((spoken.length * to) / from));
      expect(out.every((frame) => frame.sampleRate === to && frame.channels === 1)).toBe(true);
      let at = 0;
      for (const frame of out) {
        if (frame.samples.length > 0) expect(frame.timestamp).toBeCloseTo((at / to) * 1000, 6);
        at += frame.samples.length;
      }
      let error = 0;
      for (let i = to / 50; i < samples.length - to / 50; i++) {
        error = Math.max(
          error,
          Math.abs((samples[i] as number) - 6_000 * Math.SQRT2 * Math.sin((2 * Math.PI * 600 * i) / to)),
        );
      }
      expect(error).toBeLessThan(4);
    }
  });

  it("gives the transport as many channels as it has", () => {
    const stereo = { sampleRate: 16_000, channels: 2 } as const;
    const samples = Int16Array.of(10, 20, -30, -40);
    const frame = { samples, timestamp: 0 };
    expect([
      ...openStream({}, mono(16_000), stereo).stream.processOutbound({ ...frame, ...mono(16_000) }).samples,
    ]).toEqual([10, 10, 20, 20, -30, -30, -40, -40]);
    expect([
      ...openStream({}, mono(16_000), mono(16_000)).stream.processOutbound({ ...frame, ...stereo }).samples,
    ]).toEqual([15, -35]);
  });

  it("postprocesses before it records and resamples", () => {
    const config = { postprocessors: [changer("first", plus(1)), changer("second", plus(10))], recorder: recorder() };
    const opened = openStream(config);
    const out = say(opened, inFrames(ramp(640), mono(16_000)));
    expect([...samplesOf(out)]).toEqual([...ramp(640).map((x) => x + 11)]);
    expect(config.postprocessors[1]?.opened[0]?.samples[0]).toBe(1);
    expect(config.recorder.opened[0]?.said.flatMap((frame) => [...frame.samples])).toEqual([...samplesOf(out)]);
  });

  it("opens a postprocessor once, at the rate of the first voice or its own, and brings other voices to it", () => {
    const [any, fixed] = [changer("any"), changer("fixed", undefined, 48_000)];
    const opened = openStream({ postprocessors: [any, fixed] }, mono(16_000), mono(24_000));
    for (const rate of [16_000, 24_000, 16_000]) {
      const out = say(opened, inFrames(tone(rate, 400, 500, 4_000), mono(rate)));
      // To the sample or two that rounding twice may cost.
      expect(Math.abs(samplesOf(out).length - 9_600)).toBeLessThanOrEqual(2);
    }
    expect(any.opened.map((stage) => stage.format)).toEqual([mono(16_000)]);
    expect(fixed.opened.map((stage) => stage.format)).toEqual([mono(48_000)]);
    expect(any.opened[0]?.frames.every((frame) => frame.sampleRate === 16_000)).toBe(true);
    expect(fixed.opened[0]?.frames.every((frame) => frame.sampleRate === 48_000)).toBe(true);
    expect(opened.notable()).toEqual([]);
    opened.stream.close();
    expect([any, fixed].map((factory) => factory.opened[0]?.closes)).toEqual([1, 1]);
  });

  it("goes on when a postprocessor fails, or cannot even be opened", () => {
    const opened = openStream({
      postprocessors: [
        changer("good", plus(1)),
        changer("bad", failing),
        { name: "worse", open: () => failing({} as never, {} as never) as never },
      ],
    });
    const out = say(opened, inFrames(ramp(640), mono(16_000)));
    expect([...samplesOf(out)]).toEqual([...ramp(640).map((x) => x + 1)]);
    expect(opened.notable()).toMatchObject([
      { name: "stage-error", stage: "worse" },
      { name: "stage-error", stage: "bad" },
    ]);
  });

  it("forgets an utterance that is cut off", () => {
    const post = changer("post", undefined, 48_000);
    const opened = openStream({ postprocessors: [post] }, mono(16_000), mono(24_000));
    const loud = inFrames(new Int16Array(1_600).fill(20_000), mono(16_000));
    for (const frame of loud) opened.stream.processOutbound(frame);
    opened.stream.clearOutbound();
    expect(post.opened[0]?.resets).toBe(1);
    expect(opened.stream.flushOutbound().samples).toHaveLength(0);
    const silent = samplesOf(say(opened, inFrames(new Int16Array(1_600), mono(16_000))));
    expect(silent).toHaveLength(2_400);
    expect(new Set(silent)).toEqual(new Set([0]));
  });

  it("records no end of an utterance that is cut off in the next one", () => {
    const tape = recorder(48_000);
    const opened = openStream({ recorder: tape });
    const loud = inFrames(new Int16Array(1_600).fill(20_000), mono(16_000));
    for (const frame of loud) opened.stream.processOutbound(frame);
    opened.stream.clearOutbound();
    const before = tape.opened[0]?.said.length ?? 0;
    say(opened, inFrames(new Int16Array(1_600), mono(16_000)));
    const next = samplesOf(tape.opened[0]?.said.slice(before) ?? []);
    expect(next).toHaveLength(4_800);
    expect(new Set(next)).toEqual(new Set([0]));
  });

  it("records both directions in the one format the recorder was opened with", () => {
    const own = recorder(24_000);
    const opened = openStream({ recorder: own }, mono(48_000), mono(8_000));
    for (const frame of inFrames(tone(48_000, 500, 500, 4_000), mono(48_000))) opened.stream.processInbound(frame);
    say(opened, inFrames(tone(22_050, 500, 500, 4_000), mono(22_050)));
    const [tape] = own.opened;
    expect(tape?.format).toEqual(mono(24_000));
    expect(tape?.context).toMatchObject({ sessionId: "session_1" });
    expect([...(tape?.frames ?? []), ...(tape?.said ?? [])].every((frame) => frame.sampleRate === 24_000)).toBe(true);
    expect(tape?.heardMs).toBeGreaterThan(490);
    expect(tape?.saidMs).toBeCloseTo(500, 0);
  });

  it("records what is played instead of what is made, when told so", () => {
    const tape = recorder();
    const opened = openStream({ recorder: tape, recordOutbound: "played" }, mono(16_000), mono(24_000));
    const made = say(opened, inFrames(tone(16_000, 600, 500, 4_000), mono(16_000)));
    expect(tape.opened[0]?.said).toEqual([]);
    for (const frame of made.slice(0, 10)) opened.stream.played(frame);
    opened.stream.played({ samples: new Int16Array(480), ...mono(24_000), timestamp: 200 });
    const playedMs = made.slice(0, 10).reduce((sum, frame) => sum + frameDurationMs(frame), 20);
    expect(Math.abs((tape.opened[0]?.saidMs ?? 0) - playedMs)).toBeLessThan(3);
    const usual = recorder();
    const other = openStream({ recorder: usual });
    other.stream.played({ samples: new Int16Array(320), ...mono(16_000), timestamp: 0 });
    expect(usual.opened[0]?.said).toEqual([]);
  });
});
