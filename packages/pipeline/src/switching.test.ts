import { type AudioFrame, type PipelineStream, RoomKitError, type StageRole, type StageStatus } from "@roomkit/core";
import { inFrames, seededRandom } from "@roomkit/testing";
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
} from "./stages.fixture.ts";

const format = mono(16_000);
const frame = (i: number, value = 0): AudioFrame => ({
  samples: new Int16Array(320).fill(value),
  ...format,
  timestamp: 20 * i,
});
const states = (stream: PipelineStream): string[] =>
  stream.stages?.list().map(({ role, state }) => `${role} ${state}`) ?? [];
const code = (action: () => void): string | undefined => {
  try {
    action();
    return undefined;
  } catch (error) {
    return RoomKitError.is(error) ? error.code : "other";
  }
};

/** What a stream has told of its stages. */
function changesOf(stream: PipelineStream): (StageStatus & { readonly error?: RoomKitError | undefined })[] {
  const changes: StageStatus[] = [];
  stream.on("stage-change", (change) => changes.push(change));
  return changes;
}

describe("a stage that fails again and again", () => {
  it("is closed and taken out, which is told once; the audio passes as it is", () => {
    const agc = changer("agc", failing);
    const { stream, frames, notable } = openStream({ agc, maxStageFailures: 5, denoiser: changer("dn", plus(1)) });
    const changes = changesOf(stream);
    for (let i = 0; i < 20; i++) stream.processInbound(frame(i));
    expect(agc.opened.map(({ frames: given, closes }) => [given.length, closes])).toEqual([[5, 1]]);
    expect(changes).toMatchObject([{ role: "agc", name: "agc", state: "failed", error: { code: "stage_failed" } }]);
    expect(notable().map(({ name }) => name)).toEqual(["stage-error"]);
    expect(frames().map(({ samples }) => samples[0])).toEqual(new Array(20).fill(1));
    stream.close();
    expect(agc.opened[0]?.closes).toBe(1);
  });

  it("is taken out once, also when it cannot be closed either", () => {
    const agc = changer("agc", failing);
    const { open } = agc;
    const bad = {
      ...agc,
      open: (...given: Parameters<typeof open>) => Object.assign(open(...given), { close: failing }),
    };
    const { stream } = openStream({ agc: bad, maxStageFailures: 2 });
    const changes = changesOf(stream);
    for (let i = 0; i < 5; i++) stream.processInbound(frame(i));
    stream.stages?.set("agc", true);
    stream.stages?.set("agc", false);
    expect(changes.map(({ state }) => state)).toEqual(["failed", "on", "off"]);
    stream.close();
  });

  it("stays when it does well more often than not", () => {
    const agc = changer("agc", (given, stage) => (stage.frames.length % 11 === 0 ? failing(given, stage) : given));
    const { stream } = openStream({ agc, maxStageFailures: 3 });
    for (let i = 0; i < 2_000; i++) stream.processInbound(frame(i));
    expect(states(stream)).toEqual(["agc on"]);
  });

  it("ends the speech it has begun when it is the VAD", () => {
    const vad = vadThat((_, count) => {
      if (count === 3) return { type: "speech-start", timestamp: 40 };
      if (count > 3) throw new Error("made to fail");
      return undefined;
    });
    const { stream, notable } = openStream({ vad, maxStageFailures: 4 });
    expect(stream.hasVad).toBe(true);
    const had: boolean[] = [];
    stream.on("stage-change", () => had.push(stream.hasVad));
    for (let i = 0; i < 20; i++) stream.processInbound(frame(i));
    expect(notable().map(({ name }) => name)).toEqual(["speech-start", "stage-error", "speech-end"]);
    expect([had, stream.hasVad]).toEqual([[false], false]);
  });

  it.each(["postprocessor", "recorder"] as const)("is taken out when it is a %s", (role) => {
    const bad = {
      ...recorder(),
      open: (...args: Parameters<ReturnType<typeof recorder>["open"]>) => {
        const made = recorder().open(...args);
        return Object.assign(made, {
          inbound: () => {
            throw new Error("made to fail");
          },
        });
      },
    };
    const config = role === "recorder" ? { recorder: bad } : { postprocessors: [changer("post", failing)] };
    const { stream } = openStream({ ...config, maxStageFailures: 3 });
    const changes = changesOf(stream);
    for (let i = 0; i < 6; i++) {
      stream.processInbound(frame(i));
      expect(stream.processOutbound(frame(i, 9)).samples[0]).toBe(9);
    }
    stream.processInbound(frame(6));
    expect(changes).toMatchObject([{ role, state: "failed" }]);
  });
});

describe("a switch", () => {
  it("closes a stage, and opens it anew, from the next frame on", () => {
    const denoiser = changer("dn", plus(10));
    const { stream, frames } = openStream({ denoiser });
    const changes = changesOf(stream);
    for (const [i, on] of [true, false, false, true, true].entries()) {
      stream.stages?.set("denoiser", on);
      stream.processInbound(frame(i));
    }
    expect(frames().map(({ samples }) => samples[0])).toEqual([10, 0, 0, 10, 10]);
    expect(changes.map(({ state }) => state)).toEqual(["off", "on"]);
    expect(denoiser.opened.map(({ closes }) => closes)).toEqual([1, 0]);
    stream.close();
    expect(denoiser.opened.map(({ closes }) => closes)).toEqual([1, 1]);
  });

  it("puts another stage in a place, also in one that was empty", () => {
    const { stream, frames } = openStream({ denoiser: changer("dn", plus(10)) });
    stream.stages?.set("denoiser", changer("other", plus(20)));
    stream.stages?.set("agc", changer("agc", plus(1)));
    stream.processInbound(frame(0));
    stream.stages?.set("agc", false);
    stream.stages?.set("denoiser", false);
    stream.processInbound(frame(1));
    // The last that stood there.
    stream.stages?.set("denoiser", true);
    stream.processInbound(frame(2));
    expect(frames().map(({ samples }) => samples[0])).toEqual([21, 0, 20]);
  });

  it("opens what the caller's platform does too, when that is asked for", () => {
    const pipeline = audioPipeline({ aec: changer("aec", plus(1)), agc: changer("agc") });
    const native = { nativeEchoCancellation: true, nativeGainControl: true };
    const stream = pipeline.open({ inbound: format, outbound: format, sessionId: "s", native });
    expect(states(stream)).toEqual(["aec native", "agc native"]);
    stream.stages?.set("aec", true);
    expect(states(stream)).toEqual(["aec on", "agc native"]);
  });

  it("is off from the beginning where that is asked for", () => {
    const agc = changer("agc", plus(1));
    const { stream, frames } = openStream({ agc, startOff: ["agc"] });
    stream.processInbound(frame(0));
    stream.stages?.set("agc", true);
    stream.processInbound(frame(1));
    expect([agc.opened.length, frames().map(({ samples }) => samples[0])]).toEqual([1, [0, 1]]);
    for (const startOff of [["vad"], ["nothing"], "agc"])
      expect(code(() => audioPipeline({ agc, startOff: startOff as "agc"[] }))).toBe("invalid_option");
  });

  it("takes effect after the frame under way when a listener turns it", () => {
    const denoiser = changer("dn", plus(10));
    const { stream, frames } = openStream({ denoiser, dtmf: dtmfThat(() => undefined) });
    stream.on("frame", () => stream.stages?.set("denoiser", frames().length % 2 === 0));
    for (let i = 0; i < 4; i++) stream.processInbound(frame(i));
    expect(frames().map(({ samples }) => samples[0])).toEqual([10, 0, 10, 0]);
    expect(denoiser.opened.map(({ closes }) => closes)).toEqual([1, 1, 0]);
  });

  it("gives a failed stage another chance", () => {
    let broken = true;
    const agc = changer("agc", (given, stage) => (broken ? failing(given, stage) : plus(1)(given, stage)));
    const { stream, frames } = openStream({ agc, maxStageFailures: 1 });
    stream.processInbound(frame(0));
    expect(states(stream)).toEqual(["agc failed"]);
    broken = false;
    stream.stages?.set("agc", true);
    stream.processInbound(frame(1));
    expect([frames().at(-1)?.samples[0], states(stream)]).toEqual([1, ["agc on"]]);
  });

  it("says that a stage could not be opened, and leaves the place empty", () => {
    const { stream, notable } = openStream({ denoiser: changer("dn", plus(1)) });
    const bad = {
      name: "bad",
      open: () => {
        throw new RoomKitError("unsupported_format", "made to fail");
      },
    };
    stream.stages?.set("denoiser", bad);
    expect(notable()).toMatchObject([{ name: "stage-error", stage: "bad", error: { code: "unsupported_format" } }]);
    expect(states(stream)).toEqual(["denoiser failed"]);
  });

  it("ends speech where its VAD goes, and the next finds the speech that goes on", () => {
    const starting = (at: number) =>
      vadThat((_, count) => (count === at ? { type: "speech-start", timestamp: 0 } : undefined));
    const { stream, notable } = openStream({ vad: starting(1) });
    for (let i = 0; i < 3; i++) stream.processInbound(frame(i));
    stream.stages?.set("vad", starting(2));
    for (let i = 3; i < 6; i++) stream.processInbound(frame(i));
    stream.stages?.set("vad", false);
    expect(notable().map(({ name }) => name)).toEqual(["speech-start", "speech-end", "speech-start", "speech-end"]);
    expect(stream.hasVad).toBe(false);
  });

  it("keeps every sample of a stage that works at a rate of its own", () => {
    const { stream, frames } = openStream({ denoiser: changer("dn", (given) => given, 48_000) });
    const ramp = Int16Array.from({ length: 16_000 }, (_, i) => i);
    for (const [i, given] of inFrames(ramp, format).entries()) {
      stream.processInbound(given);
      if (i % 7 === 6) stream.stages?.set("denoiser", i % 14 === 13);
    }
    stream.stages?.set("denoiser", false);
    const out = frames();
    expect(out.reduce((sum, { samples }) => sum + samples.length, 0)).toBe(16_000);
    for (const [i, each] of out.entries()) {
      const before = out[i - 1];
      if (before) expect(each.timestamp).toBeCloseTo(before.timestamp + before.samples.length / 16, 6);
    }
  });

  it("gives what the stage itself holds back, also when it is taken out", () => {
    for (const taken of [false, true]) {
      let held: AudioFrame | undefined;
      const holding = changer("holding", (given, stage) => {
        if (taken && stage.frames.length > 5) throw new Error("made to fail");
        const out = held ?? { ...given, samples: new Int16Array(0) };
        held = given;
        return out;
      });
      const flush = (): AudioFrame => {
        const rest = held ?? frame(0);
        held = undefined;
        return rest;
      };
      const open = (...given: Parameters<typeof holding.open>) => Object.assign(holding.open(...given), { flush });
      const { stream, frames } = openStream({ denoiser: { ...holding, open }, maxStageFailures: 1 });
      for (let i = 0; i < 5; i++) stream.processInbound(frame(i, i));
      if (!taken) stream.stages?.set("denoiser", false);
      for (let i = 5; i < 8; i++) stream.processInbound(frame(i, i));
      const out = frames().flatMap(({ samples }) => [...samples]);
      expect(out).toEqual([0, 1, 2, 3, 4, 5, 6, 7].flatMap((value) => new Array(320).fill(value)));
    }
  });

  it("loses nothing of what such a stage and its change of rate hold back, in their order", () => {
    let held: AudioFrame | undefined;
    const holding = changer(
      "holding",
      (given) => {
        const out = held ?? { ...given, samples: new Int16Array(0) };
        held = given;
        return out;
      },
      48_000,
    );
    const flush = (): AudioFrame => held ?? { samples: new Int16Array(0), ...mono(48_000), timestamp: 0 };
    const open = (...given: Parameters<typeof holding.open>) => Object.assign(holding.open(...given), { flush });
    const { stream, frames } = openStream({ denoiser: { ...holding, open } });
    const ramp = Int16Array.from({ length: 8_000 }, (_, i) => i);
    for (const given of inFrames(ramp, format)) stream.processInbound(given);
    stream.stages?.set("denoiser", false);
    const out = frames().flatMap(({ samples }) => [...samples]);
    expect(out).toHaveLength(8_000);
    // But for the edges of the filters, in the end above all.
    for (let i = 200; i < 7_800; i++) expect(Math.abs((out[i] as number) - i)).toBeLessThan(3);
  });

  it("turns off what the platform does, and what was taken out", () => {
    const pipeline = audioPipeline({ aec: changer("aec"), agc: changer("agc", failing), maxStageFailures: 1 });
    const native = { nativeEchoCancellation: true, nativeGainControl: false };
    const stream = pipeline.open({ inbound: format, outbound: format, sessionId: "s", native });
    stream.processInbound(frame(0));
    expect(states(stream)).toEqual(["aec native", "agc failed"]);
    for (const role of ["aec", "agc"] as const) stream.stages?.set(role, false);
    expect(states(stream)).toEqual(["aec off", "agc off"]);
  });

  it("refuses what is no place and no stage, and after the end does nothing", () => {
    const { stream } = openStream({ denoiser: changer("dn") });
    const set = (role: unknown, to: unknown) => code(() => stream.stages?.set(role as "agc", to as boolean));
    expect([
      set("nothing", true),
      set("__proto__", false),
      set("agc", true),
      set("agc", false),
      set("denoiser", null),
      set("denoiser", "on"),
      set("denoiser", {}),
      set("vad", changer("no pad")),
    ]).toEqual(new Array(8).fill("invalid_option"));
    stream.close();
    const late = changer("late");
    expect([set("denoiser", late), set("denoiser", false), late.opened.length]).toEqual([undefined, undefined, 0]);
  });

  it("is of its stream alone", () => {
    const pipeline = audioPipeline({ denoiser: changer("dn") });
    const [a, b] = [1, 2].map((n) => pipeline.open({ inbound: format, outbound: format, sessionId: `${n}` }));
    a?.stages?.set("denoiser", false);
    expect([states(a as PipelineStream), states(b as PipelineStream)]).toEqual([["denoiser off"], ["denoiser on"]]);
  });
});

describe("what a stage tells", () => {
  it("counts as a failure when it is told from the background", () => {
    const agc = changer("agc", (given, stage) => {
      stage.context?.report?.(new RoomKitError("late", "made to fail"));
      return given;
    });
    const { stream, frames } = openStream({ agc, maxStageFailures: 5 });
    for (let i = 0; i < 20; i++) stream.processInbound(frame(i, 3));
    expect(states(stream)).toEqual(["agc failed"]);
    expect(frames().map(({ samples }) => samples[0])).toEqual(new Array(20).fill(3));
  });

  it.each([
    ...[5, "5", {}, { digit: "x", durationMs: 1, timestamp: 1 }],
    { digit: "1", durationMs: Number.NaN, timestamp: 1 },
  ])("is no key and no voice when it is %j", (nonsense) => {
    const config = { dtmf: dtmfThat(() => nonsense as never), diarization: diarizerThat(() => nonsense as never) };
    const { stream, notable } = openStream(config);
    stream.processInbound(frame(0));
    const told = notable().map((event) => (event.name === "stage-error" ? event.error.code : event.name));
    expect(told).toEqual(["invalid_stage_output", "invalid_stage_output"]);
  });

  it("is not heard of what has no time", () => {
    const { stream } = openStream({});
    for (const timestamp of [Number.NaN, Number.POSITIVE_INFINITY, undefined, "5", 5n])
      expect(code(() => stream.processInbound({ ...frame(0), timestamp: timestamp as number }))).toBe("invalid_audio");
    for (const given of [null, undefined])
      expect(code(() => stream.played(given as unknown as AudioFrame))).toBe("invalid_audio");
  });
});

describe("the work of the stages", () => {
  it("is counted when that is asked for", () => {
    const config: AudioPipelineConfig = {
      agc: changer("agc", (given, stage) => (stage.frames.length === 2 ? failing(given, stage) : given)),
      vad: vadThat(() => undefined),
      postprocessors: [changer("post")],
    };
    const counted = openStream({ ...config, countWork: true }).stream;
    const silent = openStream(config).stream;
    for (const stream of [counted, silent])
      for (let i = 0; i < 4; i++) {
        stream.processInbound(frame(i));
        stream.processOutbound(frame(i));
      }
    expect(counted.stages?.list()).toMatchObject([
      { role: "agc", counters: { frames: 4, failures: 1, audioMs: 80 } },
      { role: "vad", counters: { frames: 4, failures: 0, audioMs: 80 } },
      { role: "postprocessor", counters: { frames: 4 } },
    ]);
    for (const { counters } of counted.stages?.list() ?? []) {
      expect(counters?.longestMs).toBeGreaterThan(0);
      expect(counters?.busyMs).toBeGreaterThanOrEqual(counters?.longestMs ?? Number.POSITIVE_INFINITY);
    }
    expect(silent.stages?.list().map(({ counters }) => counters)).toEqual([undefined, undefined, undefined]);
  });
});

describe("in any order of frames, switches and failures", () => {
  it.each(Array.from({ length: 60 }, (_, seed) => seed))(
    "nothing is lost, and all is closed once (seed %i)",
    (seed) => {
      const random = seededRandom(seed);
      const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)] as T;
      const shaky = (name: string, add: number) =>
        changer(name, (given, stage) => (random() < 0.3 ? failing(given, stage) : plus(add)(given, stage)));
      const vad = vadThat((given, count) =>
        count % 6 === 2
          ? { type: "speech-start", timestamp: given.timestamp }
          : count % 6 === 4
            ? { type: "speech-end", timestamp: given.timestamp, durationMs: 40 }
            : undefined,
      );
      const own = {
        ...{ aec: shaky("aec", 1), agc: shaky("agc", 2), denoiser: shaky("dn", 4), vad },
        ...{ dtmf: dtmfThat(() => undefined), diarization: diarizerThat(() => undefined) },
      };
      const others = { aec: shaky("aec2", 8), agc: shaky("agc2", 16), denoiser: shaky("dn2", 32), vad, dtmf: own.dtmf };
      const roles = Object.keys(own) as StageRole[];
      const { stream, frames, notable } = openStream({ ...own, maxStageFailures: 1 + Math.floor(random() * 10) });
      const turn = (): void => {
        const role = pick(roles);
        const other = others[role as keyof typeof others];
        stream.stages?.set(role, random() < 0.2 && other ? (other as never) : random() < 0.5);
      };
      stream.on("frame", () => {
        if (random() < 0.1) turn();
      });
      for (let i = 0; i < 200; i++) {
        if (random() < 0.2) turn();
        stream.processInbound(frame(i, 1_000));
      }
      const out = frames();
      expect(out.reduce((sum, { samples }) => sum + samples.length, 0)).toBe(200 * 320);
      for (const { samples } of out) expect(samples[0]).toBeLessThan(1_064);
      expect(out.map(({ timestamp }) => timestamp)).toEqual(Array.from({ length: 200 }, (_, i) => 20 * i));
      stream.close();
      const speech = notable().filter(({ name }) => name.startsWith("speech"));
      expect(speech.map(({ name }) => name)).toEqual(
        speech.map((_, i) => (i % 2 === 0 ? "speech-start" : "speech-end")),
      );
      expect(speech.length % 2).toBe(0);
      const all = [
        own.aec,
        own.agc,
        own.denoiser,
        vad,
        own.dtmf,
        own.diarization,
        others.aec,
        others.agc,
        others.denoiser,
      ];
      for (const factory of all)
        expect(factory.opened.map(({ closes }) => closes)).toEqual(factory.opened.map(() => 1));
    },
  );
});

describe("taps", () => {
  it("hear every point of the path, and harm nothing when they fail", () => {
    const heard = new Map<string, number[]>();
    let closes = 0;
    const taps = {
      open: (point: string) => ({
        write({ samples }: AudioFrame) {
          if (point === "in-0-received") throw new Error("disk full");
          heard.set(point, [...(heard.get(point) ?? []), samples[0] as number]);
        },
        reset() {},
        close: () => void closes++,
      }),
    };
    const config = { agc: changer("agc", plus(1)), denoiser: changer("dn", plus(10)), taps, maxStageFailures: 2 };
    const { stream, frames, notable } = openStream(config);
    for (let i = 0; i < 3; i++) {
      stream.processInbound(frame(i, 100));
      stream.processOutbound(frame(i, 200));
      stream.played(frame(i, 300));
      if (i === 1) stream.stages?.set("agc", false);
    }
    expect(Object.fromEntries(heard)).toEqual({
      // Silence where nothing changes it.
      "in-1-aec": [0, 0, 0],
      "in-2-echoGuard": [0, 0, 0],
      "in-3-agc": [101, 101, 0],
      "in-4-denoiser": [111, 111, 110],
      "in-5-heard": [111, 111, 110],
      "out-0-said": [200, 200, 200],
      "out-1-played": [300, 300, 300],
    });
    expect(frames()).toHaveLength(3);
    expect(notable()).toMatchObject([{ name: "stage-error", stage: "tap in-0-received" }]);
    stream.close();
    expect(closes).toBe(8);
  });

  it("line up, also behind a stage that was taken out", () => {
    const lengths = new Map<string, number>();
    const taps = {
      open: (point: string) => ({
        write: ({ samples }: AudioFrame) => void lengths.set(point, (lengths.get(point) ?? 0) + samples.length),
        reset() {},
        close() {},
      }),
    };
    const { stream } = openStream({ agc: changer("agc", failing), taps, maxStageFailures: 2 });
    for (let i = 0; i < 6; i++) stream.processInbound(frame(i, 100));
    for (const point of ["received", "aec", "echoGuard", "agc", "denoiser", "heard"].map(
      (name, i) => `in-${i}-${name}`,
    ))
      expect([point, lengths.get(point)]).toEqual([point, 6 * 320]);
  });
});
