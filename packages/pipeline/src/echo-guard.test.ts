import type { AudioFrame, EchoGuard, EchoPath, FrameStage, StageFactory, VadFactory } from "@roomkit/core";
import { expect, it } from "vitest";
import { type AudioPipelineConfig, audioPipeline } from "./index.ts";

const mono = { sampleRate: 16_000, channels: 1 } as const;
const frame = (value: number, i = 0): AudioFrame => ({
  samples: new Int16Array(320).fill(value),
  ...mono,
  timestamp: 20 * i,
});

/** A guard that says what it is told to, and what it was told of as played. */
function guardThat(says: { echo?: EchoPath }) {
  const played: number[] = [];
  const echoGuard: StageFactory<EchoGuard> = {
    name: "guard",
    open: () => ({
      get echo() {
        return says.echo;
      },
      process: (given) => ({ ...given, samples: given.samples.map((sample) => sample + 1) }),
      reference: ({ samples }) => void played.push(samples[0] as number),
      reset() {},
      close() {},
    }),
  };
  return { echoGuard, played };
}

function opened(config: AudioPipelineConfig) {
  const stream = audioPipeline(config).open({
    ...{ inbound: mono, outbound: mono, sessionId: "s" },
    native: { nativeEchoCancellation: true, nativeGainControl: true } as never,
  });
  const told: unknown[] = [];
  stream.on("echo-suspected", (path) => told.push(path));
  stream.on("stage-error", ({ stage, error }) => told.push([stage, error.code]));
  return { stream, told };
}

it("a guard hears what is played beside a canceller, also where the platform cancels echo, and its echo is told once", () => {
  const says: { echo?: EchoPath } = {};
  const { echoGuard, played } = guardThat(says);
  const { stream, told } = opened({ echoGuard });
  const heard: number[] = [];
  stream.on("frame", (event) => heard.push(event.frame.samples[0] as number));
  stream.played(frame(7));
  stream.processInbound(frame(10, 0));
  says.echo = { couplingDb: -12, delayMs: 80 };
  for (let i = 1; i < 4; i++) stream.processInbound(frame(10, i));
  says.echo = { couplingDb: -20, delayMs: 80 };
  stream.processInbound(frame(10, 4));
  expect(played).toEqual([7]);
  expect(heard).toEqual([11, 11, 11, 11, 11]);
  expect(told).toEqual([
    { couplingDb: -12, delayMs: 80 },
    { couplingDb: -20, delayMs: 80 },
  ]);
  stream.stages?.set("echoGuard", false);
  stream.played(frame(8));
  stream.processInbound(frame(10, 5));
  expect([played, heard.at(-1)]).toEqual([[7], 10]);
  stream.close();
});

it("both of canceller and guard are told what is played", () => {
  const [aec, guard] = [guardThat({}), guardThat({})];
  const stream = audioPipeline({ aec: aec.echoGuard, echoGuard: guard.echoGuard }).open({
    inbound: mono,
    outbound: mono,
    sessionId: "s",
  });
  stream.played(frame(3));
  expect([aec.played, guard.played]).toEqual([[3], [3]]);
  stream.close();
});

it("an echo that is none is told of as the guard's failure", () => {
  const says = { echo: { couplingDb: Number.NaN, delayMs: 1 } };
  const { stream, told } = opened({ echoGuard: guardThat(says).echoGuard });
  stream.processInbound(frame(1));
  expect(told).toEqual([["guard", "invalid_stage_output"]]);
  stream.close();
});

/** A guard that takes out frames of certain times, and a detector that finds speech at one. */
function guarded(taken: (ms: number) => boolean, speechAtMs: number, more: AudioPipelineConfig = {}) {
  const echoGuard: StageFactory<EchoGuard> = {
    name: "guard",
    open: () => ({
      echo: undefined,
      process: (given) => ({ ...given, samples: taken(given.timestamp) ? new Int16Array(320) : given.samples.slice() }),
      reference() {},
      reset() {},
      close() {},
    }),
  };
  const vad: VadFactory = {
    name: "vad",
    speechPadMs: 300,
    open: () => ({
      probability: 0,
      process: ({ timestamp }) =>
        Math.abs(timestamp - speechAtMs) < 10 ? { type: "speech-start", timestamp } : undefined,
      reset() {},
      close() {},
    }),
  };
  const { stream, told } = opened({ echoGuard, vad, ...more });
  const preRoll: [ms: number, sample: number][] = [];
  stream.on("speech-start", (event) => {
    for (const each of event.preRoll) preRoll.push([each.timestamp, each.samples[0] as number]);
  });
  for (let i = 0; 20 * i <= speechAtMs; i++) stream.processInbound(frame(i + 1, i));
  stream.close();
  expect(told).toEqual([]);
  return preRoll.filter(([, sample]) => sample !== 0);
}

const all = (from: number, to: number): [number, number][] =>
  Array.from({ length: (to - from) / 20 + 1 }, (_, i) => [from + 20 * i, from / 20 + i + 1]);

it("what a guard took out in the 400 ms before it found the caller is given with their words, and what was before is not", () => {
  expect(guarded((ms) => ms < 1_000, 1_080)).toEqual(all(600, 1_080));
  // Found a moment later, after the guard had closed again for a moment.
  expect(guarded((ms) => ms < 960 || (ms >= 980 && ms < 1_020), 1_080)).toEqual(all(620, 1_080));
});

it("nothing is given of what a guard is still taking out, nor of what it took out long ago", () => {
  expect(guarded(() => true, 1_080)).toEqual([]);
  expect(guarded((ms) => ms < 500, 1_080)).toEqual(all(780, 1_080));
  expect(guarded(() => false, 1_080)).toEqual(all(780, 1_080));
});

/** Gives what it was given so many ms later. */
const later = (ms: number): StageFactory<FrameStage> => ({
  name: "later",
  open: () => {
    let held = new Int16Array(16 * ms);
    return {
      process(given) {
        const all = Int16Array.from([...held, ...given.samples]);
        held = all.slice(-held.length);
        return { ...given, samples: all.slice(0, given.samples.length), timestamp: given.timestamp - ms };
      },
      reset() {},
      close() {},
    };
  },
});

it("also where a stage behind the guard holds audio back", () => {
  const heard = guarded((ms) => ms < 1_000, 1_080, { denoiser: later(5) });
  // To the sample: the frame of 595 ms from 600 ms on.
  expect(heard[0]).toEqual([600, 31]);
  expect(heard.slice(1).map(([ms]) => ms)).toEqual(all(620, 1_080).map(([ms]) => ms - 5));
});

it("what comes back at a time that is not known stays as it is", () => {
  const lost: StageFactory<FrameStage> = {
    name: "lost",
    open: () => ({
      process: (given) => ({ ...given, timestamp: given.timestamp + 5_000 }),
      reset() {},
      close() {},
    }),
  };
  expect(guarded((ms) => ms < 1_000, 6_080, { denoiser: lost }).every(([ms]) => ms >= 6_000)).toBe(true);
});

it("touch tones that are kept from the call stay out of it", () => {
  const tone = { from: 900, to: 940 };
  const dtmf = {
    name: "tones",
    open: () => ({
      process: () => undefined,
      get tone() {
        return tone;
      },
      reset() {},
      close() {},
    }),
  };
  const heard = guarded((ms) => ms < 1_000, 1_080, { dtmf, muteDigits: true });
  expect(heard.map(([ms]) => ms)).not.toContain(900);
  expect(heard.map(([ms]) => ms)).toContain(880);
});
