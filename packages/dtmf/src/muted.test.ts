import { silentLogger } from "@roomkit/core";
import { audioPipeline } from "@roomkit/pipeline";
import { inFrames, inSequence, mixed, quiet, speechLike } from "@roomkit/testing";
import { describe, expect, it } from "vitest";
import { dtmf } from "./index.ts";
import { digitsOf, pair } from "./signals.fixture.ts";

/** What of the caller's audio VAD and recogniser get, and the digits told of. */
function through(samples: Int16Array, rate: number, muteDigits: boolean) {
  const stream = audioPipeline({ dtmf: dtmf(), muteDigits, logger: silentLogger }).open({
    inbound: { sampleRate: rate, channels: 1 },
    outbound: { sampleRate: rate, channels: 1 },
    sessionId: "s",
  });
  const parts: Int16Array[] = [];
  const events: Parameters<typeof digitsOf>[0][number][] = [];
  stream.on("frame", ({ frame }) => parts.push(frame.samples));
  stream.on("dtmf", (event) => events.push(event));
  for (const frame of inFrames(samples, { sampleRate: rate, channels: 1 })) stream.processInbound(frame);
  stream.close();
  return { out: inSequence(...parts), digits: digitsOf(events) };
}

describe("a pipeline with muteDigits", () => {
  const rate = 16_000;
  const begin = rate / 2;
  const tones = [..."4711#"].flatMap((key) => [pair(key, { rate, ms: 150 }), quiet(rate, 100)]);
  const signal = inSequence(quiet(rate, 500), ...tones, quiet(rate, 300));

  it("leaves 45 ms of each digit at most, and tells of all", () => {
    const { out, digits } = through(signal, rate, true);
    expect(digits).toBe("4711#");
    expect(out).toHaveLength(signal.length);
    for (let n = 0; n < 5; n++) {
      const from = begin + n * 0.25 * rate;
      const left = out.subarray(from, from + 0.25 * rate).reduce((count, x) => count + (x === 0 ? 0 : 1), 0);
      expect((left / rate) * 1000).toBeLessThan(45);
      // Only its beginning.
      expect(out.subarray(from + 0.045 * rate, from + 0.25 * rate).every((x) => x === 0)).toBe(true);
    }
    expect(through(signal, rate, false).out).toEqual(signal);
  });

  it("does so at the rate of a telephone, too", () => {
    const line = inSequence(quiet(8_000, 500), pair("9", { rate: 8_000, ms: 400 }), quiet(8_000, 300));
    const { out, digits } = through(line, 8_000, true);
    expect(digits).toBe("9");
    const loud = out.reduce((count, x) => count + (Math.abs(x) > 100 ? 1 : 0), 0);
    expect((loud / rate) * 1000).toBeLessThan(50);
  });

  it("leaves speech alone, but what a tone covers", () => {
    const speech = speechLike(rate, 3_000, 3_000);
    expect(through(speech, rate, true).out).toEqual(speech);
    const at = rate;
    const key = pair("5", { rate, ms: 200, levelDb: -8 });
    const both = mixed(
      speech.map((x) => x / 10),
      inSequence(quiet(rate, 1_000), key, quiet(rate, 1_800)),
    );
    const { out, digits } = through(both, rate, true);
    expect(digits).toBe("5");
    expect(out.subarray(0, at)).toEqual(both.subarray(0, at));
    expect(out.subarray(at + 0.23 * rate)).toEqual(both.subarray(at + 0.23 * rate));
    expect(out.subarray(at + 0.05 * rate, at + 0.2 * rate).every((x) => x === 0)).toBe(true);
  });
});
