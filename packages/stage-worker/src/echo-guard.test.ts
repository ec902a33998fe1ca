import { type AudioFrame, type EchoCanceller, systemClock } from "@roomkit/core";
import { echoGuard } from "@roomkit/echo-guard";
import { echoIn, inFrames, inSequence, mixed, quiet, speechLike, VirtualClock, whiteNoise } from "@roomkit/testing";
import { afterEach, expect, it } from "vitest";
import { onWorker } from "./index.ts";

const mono = { sampleRate: 16_000, channels: 1 } as const;
const LENGTH = 4_000;
const factory = onWorker(echoGuard(), { threads: 1 });
afterEach(() => factory.close());

/** What is played, and what the microphone hears of it: a call of 4 s with an echo from 0.5 s on, and a caller at 3 s. */
function call(): { readonly far: AudioFrame[]; readonly near: AudioFrame[] } {
  const far = inSequence(quiet(mono.sampleRate, 500), speechLike(mono.sampleRate, LENGTH - 500, 3_000, 4));
  const echo = echoIn(far, mono.sampleRate, { delayMs: 80, level: 0.3, reverberationMs: 80 });
  const caller = inSequence(quiet(mono.sampleRate, 3_000), speechLike(mono.sampleRate, 1_000, 4_000, 9));
  const near = mixed(mixed(echo, caller), whiteNoise(mono.sampleRate, LENGTH, 15, 77));
  return { far: inFrames(far, mono), near: inFrames(near, mono) };
}

it("the echo guard on a thread hears what is played in its place, and gives the same bit by bit", async () => {
  const { far, near } = call();
  const give = (stage: EchoCanceller, i: number): Int16Array => {
    if (i >= 25) stage.reference(far[i] as AudioFrame);
    return stage.process(near[i] as AudioFrame).samples;
  };
  const guard = echoGuard().open(mono);
  const direct = inSequence(...near.map((_, i) => give(guard, i)));
  guard.close();
  expect(direct).not.toEqual(inSequence(...near.map(({ samples }) => samples)));

  const lane = factory.open(mono, { sessionId: "s", clock: new VirtualClock(), report: () => {} });
  const heard = near.map((_, i) => give(lane, i));
  const length = (): number => heard.reduce((sum, samples) => sum + samples.length, 0);
  const nothing: AudioFrame = { samples: new Int16Array(320), ...mono, timestamp: LENGTH };
  for (let i = 0; i < 1_400 && length() < direct.length; i++) {
    await systemClock.sleep(20);
    heard.push(lane.process({ ...nothing, timestamp: LENGTH + 20 * i }).samples);
  }
  lane.close();
  expect(inSequence(...heard).subarray(0, direct.length)).toEqual(direct);
});
