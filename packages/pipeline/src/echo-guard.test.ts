import type { AudioFrame, EchoGuard, EchoPath, StageFactory } from "@roomkit/core";
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
