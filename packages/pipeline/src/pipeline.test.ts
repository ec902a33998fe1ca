import {
  type AudioFrame,
  type LogFields,
  type PipelineEvents,
  RoomKitError,
  type StageFactory,
  silentLogger,
} from "@roomkit/core";
import { FakeRecording, inFrames } from "@roomkit/testing";
import { describe, expect, it } from "vitest";
import { type AudioPipelineConfig, audioPipeline } from "./index.ts";
import {
  changer,
  diarizerThat,
  dtmfThat,
  failing,
  mono,
  openStream,
  plus,
  recorder,
  vadThat,
  type Watched,
} from "./stages.fixture.ts";

const ramp = (length: number): Int16Array => Int16Array.from({ length }, (_, i) => i);
const formats = { inbound: mono(16_000), outbound: mono(16_000), sessionId: "session_1" };

const coded = (code: string): unknown => expect.objectContaining({ code });

describe("a stage that fails", () => {
  it("is passed by for that frame; the others go on", () => {
    const agc = changer("agc", (frame, stage) =>
      stage.frames.length === 2 ? failing(frame, stage) : plus(1)(frame, stage),
    );
    const { stream, frames, notable } = openStream({ agc, denoiser: changer("denoiser", plus(100)) });
    for (let i = 0; i < 3; i++)
      stream.processInbound({ samples: Int16Array.of(0), ...mono(16_000), timestamp: i / 16 });
    expect(frames().map((frame) => frame.samples[0])).toEqual([101, 100, 101]);
    expect(notable()).toMatchObject([{ name: "stage-error", stage: "agc", error: { code: "stage_failed" } }]);
    const [failure] = notable() as { error: RoomKitError }[];
    expect(RoomKitError.is(failure?.error)).toBe(true);
    expect(failure?.error.cause).toMatchObject({ message: "made to fail" });
  });

  it("is told of once per stage and kind of failure", () => {
    const codes = ["one", "two", "one", "two", "three"];
    const bad = (name: string) =>
      changer(name, (_, stage) => {
        throw new RoomKitError(codes[(stage.frames.length - 1) % codes.length] as string, "made to fail");
      });
    const { stream, notable } = openStream({ agc: bad("agc"), denoiser: bad("denoiser") });
    for (const frame of inFrames(ramp(320 * 50), mono(16_000))) stream.processInbound(frame);
    const told = notable().map((event) => (event.name === "stage-error" ? `${event.stage} ${event.error.code}` : ""));
    expect(told).toEqual(["agc one", "denoiser one", "agc two", "denoiser two", "agc three", "denoiser three"]);
  });

  it("is not listened to for ever when every failure is of a new kind", () => {
    let n = 0;
    const agc = changer("agc", () => {
      throw new RoomKitError(`kind_${n++}`, "made to fail");
    });
    const { stream, notable } = openStream({ agc });
    for (const frame of inFrames(ramp(320 * 200), mono(16_000))) stream.processInbound(frame);
    expect(notable()).toHaveLength(16);
  });

  it("loses no audio at a rate of its own", () => {
    const agc = changer(
      "agc",
      (frame, stage) => (stage.frames.length % 3 === 0 ? failing(frame, stage) : frame),
      48_000,
    );
    const { stream, frames } = openStream({ agc });
    const constant = new Int16Array(16_000).fill(5_000);
    for (const frame of inFrames(constant, mono(16_000))) stream.processInbound(frame);
    const samples = frames().flatMap((frame) => [...frame.samples]);
    expect(samples.length).toBeGreaterThan(16_000 - 100);
    expect(new Set(samples.slice(200))).toEqual(new Set([5_000]));
  });

  it("cannot pass on what is no audio, or of another format", () => {
    for (const wrong of [
      undefined,
      { samples: [1, 2], ...mono(16_000), timestamp: 0 },
      { samples: new Int16Array(2), ...mono(8_000), timestamp: 0 },
      { samples: new Int16Array(2), sampleRate: 16_000, channels: 2, timestamp: 0 },
      { samples: new Int16Array(2), ...mono(16_000), timestamp: Number.NaN },
    ]) {
      const { stream, frames, notable } = openStream({ agc: changer("agc", () => wrong as never) });
      stream.processInbound({ samples: Int16Array.of(7), ...mono(16_000), timestamp: 0 });
      expect(frames().map((frame) => [...frame.samples])).toEqual([[7]]);
      expect(notable()).toMatchObject([{ stage: "agc", error: { code: "invalid_stage_output" } }]);
    }
  });

  it("harms nobody in any role", () => {
    const broken = (): never => {
      throw new TypeError("made to fail");
    };
    const thrower = {
      process: broken,
      reference: broken,
      recording: new FakeRecording(),
      inbound: broken,
      outbound: broken,
      reset: broken,
      close: broken,
    };
    const factory = (name: string): StageFactory<never> => ({ name, open: () => thrower as never });
    const { stream, frames, notable } = openStream({
      vad: { ...factory("vad"), speechPadMs: 100 },
      aec: factory("aec"),
      echoGuard: factory("guard"),
      agc: factory("agc"),
      denoiser: factory("denoiser"),
      dtmf: factory("dtmf"),
      diarization: factory("diarization"),
      recorder: factory("recorder"),
      postprocessors: [factory("post")],
    });
    const audio = inFrames(ramp(3_200), mono(16_000));
    for (const frame of audio) {
      stream.processInbound(frame);
      stream.played(frame);
      expect(stream.processOutbound(frame).samples).toEqual(frame.samples);
    }
    stream.flushOutbound();
    stream.clearOutbound();
    stream.close();
    expect(frames().map((frame) => frame.samples)).toEqual(audio.map((frame) => frame.samples));
    expect(
      notable()
        .map((event) => event.name === "stage-error" && event.stage)
        .sort(),
    ).toEqual(["aec", "agc", "denoiser", "diarization", "dtmf", "guard", "post", "recorder", "vad"]);
  });
});

describe("what the caller's platform does itself", () => {
  const native = (echo: boolean, gain: boolean) => ({ nativeEchoCancellation: echo, nativeGainControl: gain });
  it.each([
    [undefined, undefined, ["aec", "agc"]],
    [native(false, false), undefined, ["aec", "agc"]],
    [native(true, true), undefined, []],
    [native(true, false), undefined, ["agc"]],
    [native(false, true), "skip", ["aec"]],
    [native(true, true), "process", ["aec", "agc"]],
  ] as const)("with %j and whenNative %s is not done twice", (caller, whenNative, expected) => {
    const opened: string[] = [];
    const stage = (name: string) => ({
      name,
      open: () => {
        opened.push(name);
        return { process: (frame: AudioFrame) => frame, reference() {}, reset() {}, close() {} };
      },
    });
    const pipeline = audioPipeline({
      aec: stage("aec"),
      agc: stage("agc"),
      denoiser: stage("denoiser"),
      ...(whenNative && { whenNative }),
    });
    pipeline.open({ inbound: mono(16_000), outbound: mono(16_000), sessionId: "s", native: caller }).close();
    expect(opened).toEqual([...expected, "denoiser"]);
  });
});

describe("a stage that cannot be opened", () => {
  const refusing = (name: string): StageFactory<never> => ({
    name,
    open: () => {
      throw new RoomKitError("unsupported_format", "not this one");
    },
  });

  it("is bypassed, and told of to the first who listens", () => {
    const stream = audioPipeline({
      vad: { ...refusing("vad"), speechPadMs: 300 },
      agc: refusing("agc"),
      denoiser: changer("denoiser", plus(1)),
      logger: silentLogger,
    }).open(formats);
    expect(stream.hasVad).toBe(false);
    const frame = { samples: Int16Array.of(1), ...mono(16_000), timestamp: 0 };
    stream.processInbound(frame);
    const told: PipelineEvents["stage-error"][] = [];
    const heard: number[] = [];
    stream.on("stage-error", (failure) => told.push(failure));
    stream.on("frame", ({ frame: { samples } }) => heard.push(samples[0] as number));
    expect(told).toEqual([]);
    stream.processInbound(frame);
    expect(told.map(({ stage, error }) => `${stage} ${error.code}`)).toEqual([
      "agc unsupported_format",
      "vad unsupported_format",
    ]);
    stream.processInbound(frame);
    expect(told).toHaveLength(2);
    expect(heard).toEqual([2, 2]);
  });

  it("is told of at the latest when the stream closes", () => {
    const { stream, notable } = openStream({ agc: refusing("agc") });
    expect(notable()).toEqual([]);
    stream.close();
    expect(notable()).toMatchObject([{ stage: "agc" }]);
  });

  it("may want a rate there is no way to", () => {
    const [agc, vad] = [changer("agc", undefined, 15_999), vadThat(() => undefined, { rate: 15_999 })];
    const { stream, frames, notable } = openStream({ agc, vad });
    stream.processInbound({ samples: ramp(320), ...mono(16_000), timestamp: 0 });
    expect(frames()).toHaveLength(1);
    expect(stream.hasVad).toBe(false);
    expect(notable()).toMatchObject([
      { stage: "agc", error: { code: "unsupported_format" } },
      { stage: "fake-vad", error: { code: "unsupported_format" } },
    ]);
    expect([...agc.opened, ...vad.opened]).toEqual([]);
  });
});

describe("close", () => {
  it("closes every stage once, even when one throws, and then nothing happens any more", () => {
    const config = {
      vad: vadThat(() => undefined),
      aec: changer("aec"),
      agc: changer("agc"),
      denoiser: changer("denoiser"),
      dtmf: dtmfThat(() => undefined),
      diarization: diarizerThat(() => undefined),
      recorder: recorder(),
      postprocessors: [changer("post")],
    };
    const opened = openStream(config, mono(16_000), mono(24_000));
    const { stream } = opened;
    const frame = { samples: ramp(320), ...mono(16_000), timestamp: 0 };
    stream.processInbound(frame);
    stream.processOutbound(frame);
    const [agc] = config.agc.opened;
    if (agc) {
      agc.close = () => {
        agc.closes++;
        throw new Error("made to fail");
      };
    }
    stream.close();
    stream.close();
    const { postprocessors, ...single } = config;
    const stages = [...Object.values(single), ...postprocessors].flatMap((factory): Watched[] => factory.opened);
    expect(stages).toHaveLength(8);
    expect(stages.map((stage) => stage.closes)).toEqual(stages.map(() => 1));
    expect(opened.notable()).toMatchObject([{ name: "stage-error", stage: "agc" }]);

    const before = opened.events.length;
    stream.processInbound(frame);
    stream.played(frame);
    stream.clearOutbound();
    for (const out of [stream.processOutbound(frame), stream.flushOutbound()]) {
      expect(out).toEqual({ samples: new Int16Array(0), ...mono(24_000), timestamp: 0 });
    }
    stream.on("frame", () => expect.unreachable("a closed stream told of a frame"))();
    expect(opened.events).toHaveLength(before);
    expect(stages.map((stage) => stage.frames.length)).toEqual(stages.map(() => 1));
  });
});

describe("listeners", () => {
  it("that throw are logged without what they were told, and harm nobody", () => {
    const lines: [LogFields, string][] = [];
    const logger = { ...silentLogger, error: (fields: LogFields, message: string) => lines.push([fields, message]) };
    const { stream, frames } = openStream({ logger });
    const stop = stream.on("frame", () => {
      throw new Error("a secret");
    });
    stream.processInbound({ samples: ramp(320), ...mono(16_000), timestamp: 0 });
    stop();
    stream.processInbound({ samples: ramp(320), ...mono(16_000), timestamp: 20 });
    expect(frames()).toHaveLength(2);
    expect(lines).toEqual([
      [{ event: "frame", sessionId: "session_1", code: "internal" }, "a pipeline listener failed"],
    ]);
  });
});

describe("what is wrong from the start", () => {
  it.each<[string, AudioPipelineConfig]>([
    ["a rate of 7 Hz", { internalSampleRate: 7 }],
    ["half a rate", { internalSampleRate: 16_000.5 }],
    ["a stage instead of a factory", { agc: {} as never }],
    ["a postprocessor that is none", { postprocessors: [changer("a"), { name: "b" } as never] }],
    ["a VAD without a pre-roll", { vad: { name: "vad", open: () => ({}) } as never }],
    ["a VAD that wants an hour", { vad: vadThat(() => undefined, { speechPadMs: 3_600_000 }) }],
    ["a VAD that tells an hour later", { vad: vadThat(() => undefined, { lagMs: 3_600_000 }) }],
    ["a VAD that tells before it hears", { vad: vadThat(() => undefined, { lagMs: -1 }) }],
    ["digits muted that nobody finds", { muteDigits: true }],
    ["a recording of something else", { recordOutbound: "all" as never }],
  ])("%s is an invalid_option", (_, config) => {
    expect(() => audioPipeline(config)).toThrowError(coded("invalid_option"));
  });

  it("formats and frames that are none, and rates without a way between them", () => {
    const pipeline = audioPipeline({ logger: silentLogger });
    for (const wrong of [{ inbound: mono(0) }, { outbound: { sampleRate: 16_000, channels: 6 as never } }]) {
      expect(() => pipeline.open({ ...formats, ...wrong })).toThrowError(coded("invalid_audio"));
    }
    expect(() => pipeline.open({ ...formats, inbound: mono(15_999) })).toThrowError(coded("unsupported_format"));
    const stream = pipeline.open(formats);
    const bad = { samples: [0] as never, ...mono(16_000), timestamp: 0 };
    for (const act of [() => stream.processInbound(bad), () => stream.processOutbound(bad), () => stream.played(bad)]) {
      expect(act).toThrowError(coded("invalid_audio"));
    }
  });
});
