import { mulaw } from "@roomkit/codec-mulaw";
import { opus } from "@roomkit/codec-opus";
import { createResampler } from "@roomkit/pipeline";
import { inSequence, quiet, seededRandom, throughOpus } from "@roomkit/testing";
import { describe, expect, it } from "vitest";
import { dtmfTones } from "./index.ts";
import { digitsOf, hear, KEYS, noisy } from "./signals.fixture.ts";

/** The keys, 100 ms each with 100 ms between, in a little noise. */
const dialled = (rate: number, seed: number): Int16Array => {
  const { samples } = dtmfTones(KEYS, { sampleRate: rate, levelDb: -15 });
  return noisy(inSequence(quiet(rate, 70), samples, quiet(rate, 100)), rate, -15, 30, seed);
};

describe("keys are heard", () => {
  it("through mu-law, at the line's rate and at a pipeline's", () => {
    const codec = mulaw();
    const line = codec.decode(codec.encode(dialled(8_000, 1)));
    expect(digitsOf(hear(line, 8_000))).toBe(KEYS);
    const resampler = createResampler(8_000, 16_000);
    expect(digitsOf(hear(inSequence(resampler.process(line), resampler.flush()), 16_000))).toBe(KEYS);
  });

  it.each([
    [0, 1],
    [5, 0.97],
  ])("through Opus at 24 kb/s with %d %% of the packets lost", async (lossPercent, least) => {
    const codec = opus({ bitrate: 24_000 });
    const [trials, random] = [8, seededRandom(11)];
    let [right, extra] = [0, 0];
    for (let trial = 0; trial < trials; trial++) {
      const heard = await throughOpus(dialled(48_000, trial + 2), { codec, sampleRate: 16_000, lossPercent, random });
      const digits = digitsOf(hear(heard, 16_000));
      let from = 0;
      for (const digit of digits) {
        const at = KEYS.indexOf(digit, from);
        if (at < 0) extra++;
        else {
          right++;
          from = at + 1;
        }
      }
    }
    expect(extra).toBe(0);
    expect(right / (trials * KEYS.length)).toBeGreaterThanOrEqual(least);
  });
});
