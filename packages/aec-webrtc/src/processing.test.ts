import type { AudioFrame, EchoCanceller, FrameStage, StageFactory } from "@roomkit/core";
import { type AudioPipelineConfig, audioPipeline } from "@roomkit/pipeline";
import { echoIn, inFrames, inSequence, mixed, quiet, speechLike, whiteNoise } from "@roomkit/testing";
import { describe, expect, it } from "vitest";
import { loadFfi } from "./apm.ts";
import { erle, farSpeech, format, rate, through } from "./call.fixture.ts";
import { type WebrtcProcessing, type WebrtcProcessingOptions, webrtcAec, webrtcAudioProcessing } from "./index.ts";

const ffi = loadFfi();

/** The number the library gives to what is made next: they go up by one. */
function nextHandle(): bigint {
  const request = new ffi.FfiRequest({
    message: {
      case: "newApm",
      value: new ffi.NewApmRequest({
        echoCancellerEnabled: false,
        gainControllerEnabled: false,
        highPassFilterEnabled: false,
        noiseSuppressionEnabled: false,
      }),
    },
  });
  const { value } = ffi.FfiResponse.fromBinary(ffi.livekitFfiRequest(request.toBinary())).message;
  const id = (value as InstanceType<typeof ffi.NewApmResponse>).apm?.handle?.id as bigint;
  new ffi.FfiHandle(id).dispose();
  return id + 1n;
}

/** Whether the library has something under this number. */
function isOpen(handle: bigint): boolean {
  const value = new ffi.ApmSetStreamDelayRequest({ apmHandle: handle, delayMs: 0 });
  try {
    ffi.livekitFfiRequest(new ffi.FfiRequest({ message: { case: "apmSetStreamDelay", value } }).toBinary());
    return true;
  } catch {
    return false;
  }
}

const all = { noiseSuppression: true, autoGainControl: true };
type Stages = Partial<Record<"aec" | "agc" | "denoiser", EchoCanceller | FrameStage>>;

/** The stages of a stream, opened in the order in which a pipeline does. */
function openedAll(options: WebrtcProcessingOptions, sessionId?: string): Required<Stages> {
  return openedOf(webrtcAudioProcessing(options), sessionId) as Required<Stages>;
}

function openedOf(factories: WebrtcProcessing, sessionId?: string): Stages {
  const context = sessionId === undefined ? undefined : { sessionId };
  return Object.fromEntries(
    (["aec", "agc", "denoiser"] as const).flatMap((role) => {
      const factory = factories[role];
      return factory ? [[role, factory.open(format, context)]] : [];
    }),
  );
}

const second = inFrames(speechLike(rate, 1_000, 3_000), format);
const chain = ({ aec, agc, denoiser }: Required<Stages>, frame: AudioFrame): AudioFrame =>
  denoiser.process(agc.process(aec.process(frame)));

describe("the stages of one stream", () => {
  it("are those that are asked for", () => {
    expect(Object.keys(webrtcAudioProcessing())).toEqual(["aec"]);
    expect(Object.keys(webrtcAudioProcessing(all))).toEqual(["aec", "agc", "denoiser"]);
    expect(webrtcAec().name).toBe("aec-webrtc");
    const nothing = { echoCancellation: false, highPass: true };
    expect(() => webrtcAudioProcessing(nothing)).toThrow(expect.objectContaining({ code: "invalid_option" }));
  });

  it("are one instance: the first does the work, the others let it through", () => {
    const first = nextHandle();
    const stages = openedAll(all, "one");
    expect(isOpen(first)).toBe(false);
    for (const frame of second) {
      const worked = stages.aec.process(frame);
      expect(stages.agc.process(worked)).toBe(worked);
      expect(stages.denoiser.process(worked)).toBe(worked);
    }
    expect([isOpen(first), isOpen(first + 1n)]).toEqual([true, false]);
    for (const stage of Object.values(stages)) stage.close();
    expect(isOpen(first)).toBe(false);
  });

  it("are freed with the stream, whatever is closed first", () => {
    for (const order of [
      ["aec", "agc", "denoiser"],
      ["denoiser", "agc", "aec"],
      ["agc", "aec", "denoiser"],
    ] as const) {
      const first = nextHandle();
      const stages = openedAll(all, "one");
      for (const role of order) {
        for (const frame of second) chain(stages, frame);
        stages[role].close();
        stages[role].close();
      }
      expect([0n, 1n, 2n, 3n, 4n].map((n) => isOpen(first + n))).toEqual([false, false, false, false, false]);
    }
  });

  it("do what is still open when one is closed in the middle of it", () => {
    const loud = (frames: readonly AudioFrame[]): number => {
      const samples = inSequence(...frames.map((frame) => frame.samples));
      return samples.reduce((sum, x) => sum + Math.abs(x), 0) / samples.length;
    };
    const noise = inFrames(whiteNoise(rate, 4_000, 300), format);
    const stages = openedAll({ noiseSuppression: true, echoCancellation: true }, "one");
    const suppressed = noise.map((frame) => stages.denoiser.process(stages.aec.process(frame)));
    stages.denoiser.close();
    const left = noise.map((frame) => stages.denoiser.process(stages.aec.process(frame)));
    expect(loud(suppressed.slice(-50))).toBeLessThan(loud(noise) / 2);
    expect(loud(left.slice(-50))).toBeGreaterThan(loud(noise) / 1.5);
    stages.aec.close();
  });

  it("keep to their own stream", () => {
    const factories = webrtcAudioProcessing(all);
    const before = nextHandle();
    const streams = ["a", "b", "a", undefined, undefined].map((id) => openedOf(factories, id) as Required<Stages>);
    const outs = streams.map((stages, i) =>
      second.map((frame) => chain(stages, { ...frame, samples: frame.samples.map((x) => x >> i) }).samples),
    );
    expect([0n, 1n, 2n, 3n, 4n, 5n].map((n) => isOpen(before + n))).toEqual([true, true, true, true, true, false]);
    for (const [i, stages] of streams.entries()) {
      for (const stage of Object.values(stages)) stage.close();
      const own = openedAll(all);
      const alone = second.map((frame) => chain(own, { ...frame, samples: frame.samples.map((x) => x >> i) }).samples);
      for (const stage of Object.values(own)) stage.close();
      expect(outs[i]).toEqual(alone);
    }
  });

  it("work also when one is opened late, or alone", () => {
    const factories = webrtcAudioProcessing(all);
    const { aec } = openedOf({ aec: factories.aec as StageFactory<EchoCanceller> }, "one");
    for (const frame of second) aec?.process(frame);
    const first = nextHandle();
    const { denoiser } = openedOf({ denoiser: factories.denoiser as StageFactory<FrameStage> }, "one");
    for (const frame of second) expect(denoiser?.process(frame)).not.toBe(frame);
    expect(isOpen(first)).toBe(true);
    denoiser?.close();
    expect(isOpen(first)).toBe(false);
    aec?.close();
  });
});

describe("in a pipeline", () => {
  const far = farSpeech(4_000, 48_000);
  const echo = echoIn(far, 48_000, { delayMs: 60, reverberationMs: 40 });
  const noise = whiteNoise(48_000, 4_000, 300);

  /** What comes out at 16 kHz when this is heard and that is played, both at 48 kHz; and which instances that took. */
  function heard(config: AudioPipelineConfig, near: Int16Array, native = {}): { out: Int16Array; instances: number } {
    const own = { sampleRate: 48_000, channels: 1 } as const;
    const capabilities = { nativeEchoCancellation: false, nativeGainControl: false, ...native } as never;
    const first = nextHandle();
    const stream = audioPipeline(config).open({ inbound: own, outbound: own, sessionId: "one", native: capabilities });
    const errors: unknown[] = [];
    stream.on("stage-error", (event) => errors.push(event));
    const parts: Int16Array[] = [];
    stream.on("frame", ({ frame }) => parts.push(frame.samples));
    const [nears, fars] = [inFrames(near, own), inFrames(far, own)];
    for (const [i, frame] of nears.entries()) {
      stream.played(fars[i] as AudioFrame);
      stream.processInbound(frame);
    }
    const instances = [0n, 1n, 2n].filter((n) => isOpen(first + n)).length;
    stream.close();
    expect(errors).toEqual([]);
    expect(isOpen(first)).toBe(false);
    return { out: inSequence(...parts), instances };
  }

  const at16k = (samples: Int16Array): Int16Array => samples.filter((_, i) => i % 3 === 0);

  it("takes echo and noise away in one instance", () => {
    const near = mixed(echo, noise);
    const { out, instances } = heard(webrtcAudioProcessing({ noiseSuppression: true }), near);
    expect(erle(at16k(near), out, 3_900)).toBeGreaterThan(15);
    expect(instances).toBe(1);
  });

  it("leaves to the caller's platform what that does, and does the rest", () => {
    const native = { nativeEchoCancellation: true, nativeGainControl: true };
    const both = webrtcAudioProcessing(all);
    const echoed = heard(both, echo, native);
    expect(erle(at16k(echo), echoed.out, 3_900)).toBeLessThan(6);
    const noisy = heard(both, noise, native);
    expect(erle(at16k(noise), noisy.out, 3_900)).toBeGreaterThan(6);
    expect([echoed.instances, noisy.instances]).toEqual([1, 1]);
    expect(heard(webrtcAudioProcessing(), echo, native).instances).toBe(0);
  });
});

describe("gain control and the high-pass filter", () => {
  it("make quiet speech louder", () => {
    const { agc } = webrtcAudioProcessing({ echoCancellation: false, autoGainControl: true });
    const quietly = speechLike(rate, 6_000, 300);
    const out = through(agc?.open(format) as EchoCanceller, quietly, quiet(rate, 0));
    expect(erle(quietly, out, 6_000)).toBeLessThan(-6);
  });

  it("take a rumble away", () => {
    const rumble = Int16Array.from({ length: 2 * rate }, (_, i) => 5_000 * Math.sin((2 * Math.PI * 25 * i) / rate));
    const options = { echoCancellation: false, autoGainControl: true };
    const [plain, filtered] = [options, { ...options, highPass: true }].map((each) =>
      through(webrtcAudioProcessing(each).agc?.open(format) as EchoCanceller, rumble, quiet(rate, 0)),
    ) as [Int16Array, Int16Array];
    expect(erle(plain, filtered, 1_000)).toBeGreaterThan(10);
  });
});

describe("where it cannot work", () => {
  it("says so when it is opened", () => {
    for (const wrong of [
      { sampleRate: 22_050, channels: 1 },
      { sampleRate: 96_000, channels: 1 },
      { sampleRate: 16_000, channels: 2 },
    ] as const) {
      expect(() => webrtcAec().open(wrong)).toThrow(expect.objectContaining({ code: "unsupported_format" }));
    }
  });

  it("says so when there is no library for the platform", () => {
    const missing = (name: string): never => {
      throw new Error(`Cannot find module '${name}'`);
    };
    expect(() => loadFfi(missing)).toThrow(
      expect.objectContaining({
        code: "missing_dependency",
        details: { platform: process.platform, arch: process.arch },
      }),
    );
  });

  it("says so when what is played is of another format", () => {
    const stage = webrtcAec().open(format);
    stage.process(second[0] as AudioFrame);
    expect(() => stage.reference({ ...(second[0] as AudioFrame), sampleRate: 8_000 })).toThrow(
      expect.objectContaining({ code: "unsupported_format" }),
    );
    stage.close();
  });
});
