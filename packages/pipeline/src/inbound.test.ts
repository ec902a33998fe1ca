import type { AudioFormat, AudioFrame, SpeakerEvent } from "@roomkit/core";
import { inFrames, inSequence, quiet, tone } from "@roomkit/testing";
import { describe, expect, it } from "vitest";
import { audioPipeline } from "./pipeline.ts";
import { changer, diarizerThat, dtmfThat, mono, openStream, plus, recorder, vadThat } from "./stages.fixture.ts";

const ramp = (length: number): Int16Array => Int16Array.from({ length }, (_, i) => i);

describe("the inbound path", () => {
  it("passes frames through the stages in order", () => {
    const order: string[] = [];
    const noting = (name: string) => () => {
      order.push(name);
      return undefined;
    };
    const changing = (name: string, number: number) =>
      changer(name, (frame, stage) => {
        order.push(name);
        return plus(number)(frame, stage);
      });
    const config = {
      vad: vadThat(noting("vad")),
      aec: changing("aec", 10),
      echoGuard: changing("echoGuard", 0),
      agc: changing("agc", 100),
      denoiser: changing("denoiser", 1_000),
      dtmf: dtmfThat(noting("dtmf")),
      diarization: diarizerThat(noting("diarization")),
      recorder: recorder(),
    };
    const { stream, frames } = openStream(config);
    stream.processInbound({ samples: Int16Array.of(1, 2), ...mono(16_000), timestamp: 40 });
    expect(order).toEqual(["dtmf", "aec", "echoGuard", "agc", "denoiser", "vad", "diarization"]);
    expect(config.recorder.opened[0]?.samples).toEqual([1, 2]);
    expect(config.dtmf.opened[0]?.samples).toEqual([1, 2]);
    expect(config.agc.opened[0]?.samples).toEqual([11, 12]);
    expect(config.vad.opened[0]?.samples).toEqual([1_111, 1_112]);
    expect(config.diarization.opened[0]?.samples).toEqual([1_111, 1_112]);
    expect(frames()).toEqual([{ samples: Int16Array.of(1_111, 1_112), ...mono(16_000), timestamp: 40 }]);
  });

  it("silences digits to the sample, also in what a stage holds back", () => {
    const tones = [undefined, { from: 25, to: 30 }, { from: 25, to: 40 }, undefined];
    const detector = dtmfThat((_, count) => {
      Object.assign(detector.opened[0] as object, { tone: tones[count - 1] });
      return undefined;
    });
    let held: AudioFrame | undefined;
    const late = changer("late", (frame) => {
      const out = held ?? { ...frame, samples: new Int16Array(0) };
      held = frame;
      return out;
    });
    const { stream, frames } = openStream({ dtmf: detector, denoiser: late, muteDigits: true });
    const samples = new Int16Array(4 * 160).fill(7);
    for (const frame of inFrames(samples, mono(16_000), 160)) stream.processInbound(frame);
    const out = inSequence(...frames().map((frame) => frame.samples));
    // From 5 ms before to 10 ms after; the last frame is still held.
    expect([...out].map((x, i) => (x === 0 ? i / 16 : -1)).filter((ms) => ms >= 0)).toEqual(
      Array.from({ length: 160 }, (_, i) => 20 + i / 16),
    );
    expect(samples.every((x) => x === 7)).toBe(true);
  });

  it("works without any stage", () => {
    const { stream, frames, notable } = openStream({});
    expect(stream.hasVad).toBe(false);
    expect(stream.internal).toEqual(mono(16_000));
    for (const frame of inFrames(ramp(640), mono(16_000))) stream.processInbound(frame);
    expect(frames().map(({ timestamp }) => timestamp)).toEqual([0, 20]);
    expect(notable()).toEqual([]);
  });

  it.each([8_000, 11_025, 24_000, 44_100, 48_000])("brings %d Hz to the internal rate, level and time kept", (rate) => {
    const { stream, frames } = openStream({ vad: vadThat(() => undefined) }, mono(rate));
    for (const frame of inFrames(tone(rate, 1_000, 1_000, 5_000), mono(rate), undefined, 5_000))
      stream.processInbound(frame);
    const all = frames();
    const samples = inSequence(...all.map((frame) => frame.samples));
    // All but the few ms the change of rate holds back.
    expect(samples.length).toBeGreaterThan(16_000 - 80);
    expect(samples.length).toBeLessThanOrEqual(16_000);
    let error = 0;
    for (let i = 1_000; i < 15_000; i++) {
      error += ((samples[i] as number) - 5_000 * Math.SQRT2 * Math.sin((2 * Math.PI * i) / 16)) ** 2;
    }
    expect(Math.sqrt(error / 14_000)).toBeLessThan(5);
    let at = 0;
    for (const frame of all) {
      expect(frame).toMatchObject(mono(16_000));
      expect(frame.timestamp).toBeCloseTo(5_000 + at / 16, 6);
      at += frame.samples.length;
    }
  });

  it("mixes stereo down", () => {
    const { stream, frames } = openStream({}, { sampleRate: 16_000, channels: 2 });
    const samples = Int16Array.of(100, 300, -100, -301, 32_767, 32_767, -32_768, -32_768);
    stream.processInbound({ samples, sampleRate: 16_000, channels: 2, timestamp: 0 });
    expect([...(frames()[0]?.samples ?? [])]).toEqual([200, -200, 32_767, -32_768]);
    expect(frames()[0]?.channels).toBe(1);
  });

  it("believes the frame, not the format it was told", () => {
    const { stream, frames } = openStream({}, mono(48_000));
    // Half a second at 48 kHz, then half a second that really is 16 kHz.
    for (const frame of inFrames(tone(48_000, 500, 400, 4_000), mono(48_000))) stream.processInbound(frame);
    for (const frame of inFrames(tone(16_000, 500, 400, 4_000), mono(16_000), undefined, 500))
      stream.processInbound(frame);
    const all = frames();
    expect(all.reduce((sum, frame) => sum + frame.samples.length, 0)).toBe(16_000);
    let at = 0;
    for (const frame of all) {
      expect(frame.timestamp).toBeCloseTo(at / 16, 6);
      at += frame.samples.length;
    }
  });

  it("uses the internal rate it is told", () => {
    const vad = vadThat(() => undefined);
    const { stream, frames } = openStream({ vad, internalSampleRate: 8_000 });
    for (const frame of inFrames(ramp(640), mono(16_000))) stream.processInbound(frame);
    expect(stream.internal).toEqual(mono(8_000));
    expect(vad.opened[0]?.format).toEqual(mono(8_000));
    expect(frames().every((frame) => frame.sampleRate === 8_000)).toBe(true);
  });

  it("resamples around stages that work at a rate of their own", () => {
    const denoiser = changer("denoiser", undefined, 48_000);
    const vad = vadThat(() => undefined, { rate: 8_000 });
    const dtmf = dtmfThat(() => undefined, 8_000);
    const { stream, frames, notable } = openStream({ denoiser, vad, dtmf });
    const samples = tone(16_000, 1_000, 700, 5_000);
    for (const frame of inFrames(samples, mono(16_000), undefined, 100)) stream.processInbound(frame);
    expect(denoiser.opened[0]?.format).toEqual(mono(48_000));
    expect(denoiser.opened[0]?.frames.every((frame) => frame.sampleRate === 48_000)).toBe(true);
    expect(vad.opened[0]?.frames.every((frame) => frame.sampleRate === 8_000)).toBe(true);
    expect(dtmf.opened[0]?.heardMs).toBeGreaterThan(990);
    const all = frames();
    const out = inSequence(...all.map((frame) => frame.samples));
    // There and back again: the same sound at the same time, less what both ways hold back.
    expect(out.length).toBeGreaterThan(16_000 - 100);
    const error = out.slice(500, 15_000).map((sample, i) => sample - (samples[i + 500] as number));
    expect(Math.max(...error.map(Math.abs))).toBeLessThan(8);
    let at = 0;
    for (const frame of all) {
      expect(frame).toMatchObject(mono(16_000));
      expect(frame.timestamp).toBeCloseTo(100 + at / 16, 6);
      at += frame.samples.length;
    }
    expect(notable()).toEqual([]);
  });

  it("counts timestamps in samples: they neither jitter nor drift, only gaps move them on", () => {
    const { stream, frames } = openStream({});
    const times = [0, 23, 38, 61, 79, 1_000, 1_021, 900, 1_060];
    for (const timestamp of times) stream.processInbound({ samples: new Int16Array(320), ...mono(16_000), timestamp });
    expect(frames().map(({ timestamp }) => timestamp)).toEqual([0, 20, 40, 60, 80, 1_000, 1_020, 1_040, 1_060]);
  });

  it("cuts long frames into pieces and leaves short ones alone", () => {
    const { stream, frames } = openStream({}, mono(48_000));
    const samples = tone(48_000, 1_000, 300, 3_000);
    for (const frame of inFrames(samples, mono(48_000), 4_096)) stream.processInbound(frame);
    const lengths = frames().map((frame) => frame.samples.length);
    expect(Math.max(...lengths)).toBeLessThanOrEqual(480);
    expect(lengths.reduce((sum, length) => sum + length)).toBeGreaterThan(15_900);
    const small = openStream({});
    for (const frame of inFrames(ramp(1_280), mono(16_000), [16, 480, 1, 783])) small.stream.processInbound(frame);
    expect(small.frames().map((frame) => frame.samples.length)).toEqual([16, 480, 1, 320, 320, 143]);
    expect(small.frames().flatMap((frame) => [...frame.samples])).toEqual([...ramp(1_280)]);
    expect(small.frames().map((frame) => frame.timestamp * 16)).toEqual([0, 16, 496, 497, 817, 1_137]);
  });

  it("does not bother anybody with frames that have nothing in them", () => {
    const vad = vadThat(() => undefined);
    const hoarder = changer("denoiser", (frame, stage) =>
      stage.frames.length % 2 === 1 ? { ...frame, samples: new Int16Array(0) } : frame,
    );
    const { stream, frames } = openStream({ vad, denoiser: hoarder });
    stream.processInbound({ samples: new Int16Array(0), ...mono(16_000), timestamp: 0 });
    expect(hoarder.opened[0]?.frames).toHaveLength(0);
    for (const frame of inFrames(ramp(1_280), mono(16_000))) stream.processInbound(frame);
    expect(frames()).toHaveLength(2);
    expect(vad.opened[0]?.frames).toHaveLength(2);
  });

  it("tells of touch tones and speakers", () => {
    const digit = { digit: "5", durationMs: 80, timestamp: 20 } as const;
    const speaker = { speaker: "a", confidence: 0.9, timestamp: 20 };
    const { stream, notable } = openStream({
      dtmf: dtmfThat((_, count) => (count === 2 ? digit : undefined)),
      diarization: diarizerThat((_, count) => (count === 3 ? speaker : undefined)),
    });
    for (const frame of inFrames(ramp(1_280), mono(16_000))) stream.processInbound(frame);
    expect(notable()).toEqual([
      { name: "dtmf", ...digit },
      { name: "speaker", ...speaker },
    ]);
  });

  it("has the diarizer judge what it has when somebody stops, and tells of it", async () => {
    const at = (timestamp: number, speaker = "a") => ({ speaker, confidence: 0.9, timestamp, durationMs: 20 });
    const answers: Promise<SpeakerEvent[]>[] = [
      Promise.resolve([at(0), at(20, "b")]),
      Promise.reject(new Error("broken")),
    ];
    const tape = recorder();
    const listening = diarizerThat(() => undefined);
    const diarization = {
      ...listening,
      open: (format: AudioFormat) => Object.assign(listening.open(format), { settle: () => answers.shift() ?? never }),
    };
    const never = new Promise<SpeakerEvent[]>(() => {});
    const { stream, notable } = openStream({ diarization, recorder: tape });
    const frame = { samples: Int16Array.of(1), ...mono(16_000), timestamp: 0 };
    stream.processInbound(frame);
    await stream.settleSpeaker?.();
    expect(notable()).toEqual([
      { name: "speaker", ...at(0) },
      { name: "speaker", ...at(20, "b") },
    ]);
    await stream.settleSpeaker?.();
    stream.processInbound(frame);
    expect(notable().at(-1)).toMatchObject({
      name: "stage-error",
      stage: "fake-diarizer",
      error: { code: "stage_failed" },
    });
    answers.push(Promise.resolve([at(40)]));
    const settled = stream.settleSpeaker?.();
    stream.close();
    await settled;
    expect(notable()).toHaveLength(3);
    expect(stream.settleSpeaker?.()).toBeUndefined();
    expect(tape.opened[0]?.notices.map(({ type }) => type)).toEqual(["speaker", "speaker"]);
  });

  it("has nothing to wait for without a diarizer, or with one that waits for nothing", () => {
    expect(openStream({}).stream.settleSpeaker?.()).toBeUndefined();
    expect(openStream({ diarization: diarizerThat(() => undefined) }).stream.settleSpeaker?.()).toBeUndefined();
  });

  it("tells a recorder when the speaker changes, and listeners of every stretch", () => {
    const tape = recorder();
    const speakers = ["a", "a", "b", "b"];
    const { stream, notable } = openStream({
      recorder: tape,
      diarization: diarizerThat(({ timestamp }, count) => ({
        speaker: speakers[count - 1] as string,
        confidence: 1,
        timestamp,
        durationMs: 20,
      })),
    });
    for (const frame of inFrames(ramp(1_280), mono(16_000))) stream.processInbound(frame);
    expect(notable()).toHaveLength(4);
    expect(tape.opened[0]?.notices.map(({ timestamp }) => timestamp)).toEqual([0, 40]);
  });

  it("gives every stream stages of its own, and tells them whose they are", () => {
    const [vad, agc] = [vadThat(() => undefined), changer("agc", plus(1))];
    const pipeline = audioPipeline({ vad, agc, recorder: recorder() });
    const [a, b] = [openStream(pipeline), openStream(pipeline)];
    const frame = (value: number): AudioFrame => ({ samples: Int16Array.of(value), ...mono(16_000), timestamp: 0 });
    a.stream.processInbound(frame(10));
    b.stream.processInbound(frame(20));
    expect(agc.opened.map((stage) => stage.samples)).toEqual([[10], [20]]);
    expect(vad.opened.map((stage) => stage.samples)).toEqual([[11], [21]]);
    expect(agc.opened[0]?.context).toMatchObject({ sessionId: "session_1" });
    a.stream.close();
    expect([...agc.opened, ...vad.opened].map((stage) => stage.closes)).toEqual([1, 0, 1, 0]);
    b.stream.processInbound(frame(30));
    expect(b.frames()).toHaveLength(2);
  });

  it("gives the echo canceller what is played, in the format it hears", () => {
    const aec = changer("aec");
    const { stream } = openStream({ aec }, mono(8_000), { sampleRate: 48_000, channels: 2 });
    const stereo = { sampleRate: 48_000, channels: 2 } as const;
    // A second of samples is half a second of stereo.
    const played = inFrames(tone(48_000, 1_000, 500, 4_000), stereo);
    for (const frame of played) stream.played(frame);
    stream.played({ samples: quiet(48_000, 20), ...stereo, timestamp: 500 });
    const references = aec.opened[0]?.references ?? [];
    expect(aec.opened[0]?.format).toEqual(mono(16_000));
    expect(references.every((frame) => frame.sampleRate === 16_000 && frame.channels === 1)).toBe(true);
    const total = references.reduce((sum, frame) => sum + frame.samples.length, 0);
    expect(total).toBeGreaterThan(8_000 + 160 - 80);
    const own = changer("aec", undefined, 48_000);
    const other = openStream({ aec: own });
    for (let i = 0; i < 5; i++)
      other.stream.played({ samples: new Int16Array(320), ...mono(16_000), timestamp: 20 * i });
    expect(own.opened[0]?.references.every((frame) => frame.sampleRate === 48_000)).toBe(true);
    openStream({}).stream.played({ samples: new Int16Array(320), ...mono(16_000), timestamp: 0 });
  });
});
