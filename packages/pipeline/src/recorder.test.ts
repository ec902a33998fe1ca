import { type AudioFrame, RoomKitError, type StageFactory } from "@roomkit/core";
import { inFrames, tone } from "@roomkit/testing";
import { describe, expect, it } from "vitest";
import { audioPipeline } from "./index.ts";
import { dtmfThat, mono, openStream, recorder, vadThat } from "./stages.fixture.ts";

const played = (ms: number, timestamp: number): AudioFrame[] =>
  inFrames(tone(24_000, ms, 500, 4_000), mono(24_000), 480, timestamp);

describe("a recorder in a pipeline", () => {
  it("decides what it hears of what is said, and says so where the configuration wants something else", () => {
    const tape = recorder(undefined, "played");
    const { stream } = openStream({ recorder: tape });
    stream.processOutbound({ samples: new Int16Array(320), ...mono(16_000), timestamp: 0 });
    expect(tape.opened[0]?.said).toEqual([]);
    stream.played({ samples: new Int16Array(320), ...mono(16_000), timestamp: 0 });
    expect(tape.opened[0]?.said).toHaveLength(1);
    expect(() => audioPipeline({ recorder: tape, recordOutbound: "generated" })).toThrow("leave recordOutbound out");
    expect(() => audioPipeline({ recorder: tape, recordOutbound: "played" })).not.toThrow();
  });

  it("is told to the sample when something was played, whatever the rates and however short the pause", () => {
    const tape = recorder(undefined, "played");
    const { stream } = openStream({ recorder: tape }, mono(16_000), mono(24_000));
    // Played from 1,000 on the clock; a pause of 30 ms; then 7 ms before the end of what was cut off there.
    const parts = [played(200, 0), played(100, 230), played(100, 323)];
    for (const frame of parts.flat()) stream.played(frame, 1_000 + frame.timestamp);
    const [stage] = tape.opened;
    const stretches: { from: number; to: number }[] = [];
    for (const [i, frame] of (stage?.said ?? []).entries()) {
      const from = stage?.startedAt[i] as number;
      expect(from).toBeCloseTo(1_000 + frame.timestamp, 6);
      const last = stretches.at(-1);
      const to = from + frame.samples.length / 16;
      if (last && Math.abs(last.to - from) < 1e-6) last.to = to;
      else stretches.push({ from, to });
    }
    expect(stretches.map(({ from }) => from)).toEqual([1_000, 1_230, 1_323]);
    expect(stretches[0]?.to).toBeCloseTo(1_200, 6);
    expect(stretches[1]?.to).toBeCloseTo(1_330, 6);
  });

  it("is told how far the caller's audio has come, though some is held back and long frames are cut", () => {
    const tape = recorder();
    const { stream } = openStream({ recorder: tape }, mono(48_000));
    for (const frame of inFrames(tone(48_000, 400, 500, 4_000), mono(48_000), 4_800)) stream.processInbound(frame);
    const [stage] = tape.opened;
    expect(stage?.reached).toEqual([100, 200, 300, 400].flatMap((ms) => Array(5).fill(ms)));
    expect(stage?.frames[0]?.timestamp).toBe(0);
    expect(stage?.heardMs).toBeLessThan(399);
  });

  it("is told what else is found, timed as the caller's audio is", () => {
    const tape = recorder();
    const digit = { digit: "5", durationMs: 80, timestamp: 20 } as const;
    const { stream } = openStream({
      recorder: tape,
      vad: vadThat(({ timestamp }, count) => (count === 2 ? { type: "speech-start", timestamp } : undefined)),
      dtmf: dtmfThat((_frame, count) => (count === 3 ? digit : undefined)),
    });
    for (const frame of inFrames(new Int16Array(1_600), mono(16_000))) stream.processInbound(frame);
    stream.close();
    expect(tape.opened[0]?.notices).toEqual([
      { type: "speech-start", timestamp: 20 },
      { type: "dtmf", ...digit },
      { type: "speech-end", timestamp: 100 },
    ]);
  });

  it("is told of a touch tone while it sounds", () => {
    const tape = recorder();
    const tones = [undefined, { from: 25, to: 40 }, { from: 25, to: 60 }, undefined];
    const detector = dtmfThat((_frame, count) => {
      Object.assign(detector.opened[0] as object, { tone: tones[count - 1] });
      return undefined;
    });
    const { stream } = openStream({ recorder: tape, dtmf: detector });
    for (const frame of inFrames(new Int16Array(1_280), mono(16_000))) stream.processInbound(frame);
    expect(tape.opened[0]?.notices).toEqual([
      { type: "tone", timestamp: 25, durationMs: 15 },
      { type: "tone", timestamp: 25, durationMs: 35 },
    ]);
  });

  it("shows its recording, and is left out where it has none", () => {
    const tape = recorder();
    const { stream } = openStream({ recorder: tape });
    expect(stream.recording).toBe(tape.opened[0]?.recording);
    expect(stream.recording?.state).toBe("waiting");
    const deaf = { inbound() {}, outbound() {}, reset() {}, close() {} };
    const without: StageFactory<never> = { name: "deaf", open: () => deaf as never };
    const other = openStream({ recorder: without });
    expect(other.stream.recording).toBeUndefined();
    other.stream.processInbound({ samples: new Int16Array(320), ...mono(16_000), timestamp: 0 });
    expect(other.notable()).toMatchObject([{ stage: "deaf", error: { code: "invalid_stage_output" } }]);
  });

  it("row 70: may tell of a failure between frames, once for each code", () => {
    const tape = recorder();
    const { notable } = openStream({ recorder: tape });
    const report = tape.opened[0]?.context?.report;
    for (const code of ["disk_full", "disk_full", "other"]) report?.(new RoomKitError(code, "made to fail"));
    expect(notable()).toMatchObject([{ error: { code: "disk_full" } }, { error: { code: "other" } }]);
  });
});
