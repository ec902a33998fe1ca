import type { AudioFrame, EchoGuard } from "@roomkit/core";
import { echoIn, inFrames, inSequence, mixed, quiet, seededRandom } from "@roomkit/testing";
import { describe, expect, it } from "vitest";
import { format, hiss, loudness, over, passed, rate, voice } from "./call.fixture.ts";
import { echoGuard } from "./index.ts";

const LENGTH = 9_000;
const SPEAKS = 6_000;

/**
 * | order                                             | what is expected                                 |
 * | ------------------------------------------------- | ------------------------------------------------ |
 * | the microphone comes late, and then in bursts     | echo is kept back, a caller is heard             |
 * | what is played is told of late, and then in bursts | the same                                        |
 * | what is played pauses, or was cut off             | the same                                         |
 * | the microphone has a gap in its clock             | the same, once it has been learnt again          |
 * | timestamps jump far, go back or are no numbers    | the same                                         |
 * | empty frames and frames of any length in between  | the same                                         |
 */
describe("in an unruly order", () => {
  it.each(Array.from({ length: 12 }, (_, i) => i + 1))("an echo is kept back and a caller heard (seed %i)", (seed) => {
    const random = seededRandom(seed);
    const far = inSequence(quiet(rate, 500), voice(LENGTH - 500, 3_000, seed));
    // What is played may pause, with its clock going on.
    if (random() < 0.5) far.fill(0, 2 * rate, 2.6 * rate);
    const echo = mixed(
      echoIn(far, rate, { delayMs: 40 + 200 * random(), level: 0.2, seed, reverberationMs: 80 }),
      hiss(LENGTH),
    );
    const mic = over(echo, voice(1_500, 1_500, seed + 20), SPEAKS);
    const guard = echoGuard().open(format);
    const out = new Int16Array(mic.length);
    const jump = random() < 0.5 ? [3_600_000, -20_000, Number.NaN][Math.floor(3 * random())] : 0;
    const lateness = 20 * Math.floor(6 * random());
    let [nearTo, farTo, written] = [0, 0, 0];
    for (let now = 20; now <= LENGTH; now += 20) {
      const toldLate = random() < 0.15 && now - farTo < 60;
      if (!toldLate) {
        for (const frame of part(far, farTo, now)) if (frame.samples.some((x) => x !== 0)) guard.reference(frame);
        farTo = now;
      }
      if (random() < 0.3 && now - nearTo <= lateness) continue;
      if (random() < 0.1) guard.process({ samples: new Int16Array(0), ...format, timestamp: Number.NaN });
      const shift = now > 3_000 ? (jump as number) : 0;
      for (const frame of part(mic, nearTo, now, random() < 0.2 ? 100 : 320)) {
        const { samples } = guard.process({ ...frame, timestamp: frame.timestamp + shift });
        out.set(samples.subarray(0, out.length - written), written);
        written += samples.length;
      }
      nearTo = now;
    }
    expect(loudness(out, 500, 2_000), "first").toBeLessThan(loudness(mic, 500, 2_000) / 2.5);
    expect(loudness(out, 4_500, SPEAKS), "later").toBeLessThan(loudness(mic, 4_500, SPEAKS) / 2.5);
    expect(passed(mic, out, SPEAKS + 400, SPEAKS + 1_300), "caller").toBeGreaterThan(0.5);
  });

  it("two streams in turns are each what they are alone", () => {
    const calls = [1, 2].map((seed) => {
      const far = inSequence(quiet(rate, 300), voice(3_000, 3_000, seed));
      const mic = over(
        mixed(echoIn(far, rate, { delayMs: 60, level: 0.3, reverberationMs: 60 }), hiss(3_300)),
        voice(800, 2_000, seed + 9),
        2_000,
      );
      return inFrames(mic, format).map((near, i) => ({ near, far: inFrames(far, format)[i] as AudioFrame }));
    }) as [Turn[], Turn[]];
    const alone = calls.map((turns) => {
      const guard = echoGuard().open(format);
      return turns.map((turn) => step(guard, turn));
    });
    const guards = [echoGuard().open(format), echoGuard().open(format)];
    const together = [[], []] as Int16Array[][];
    for (let i = 0; i < calls[0].length; i++)
      for (const [k, guard] of guards.entries()) together[k]?.push(step(guard, calls[k]?.[i] as Turn));
    expect(together).toEqual(alone);
  });
});

interface Turn {
  readonly near: AudioFrame;
  readonly far: AudioFrame;
}

function step(guard: EchoGuard, { near, far }: Turn): Int16Array {
  guard.reference(far);
  return guard.process(near).samples;
}

/** A part of a signal in frames, ms. */
const part = (samples: Int16Array, from: number, to: number, length = 320): AudioFrame[] =>
  inFrames(samples.subarray((from * rate) / 1000, (to * rate) / 1000), format, length, from);
