import { describe, expect, it } from "vitest";
import { echoIn, RoomEcho } from "./room.ts";
import { inFrames, inSequence, quiet, speechLike, tone, whiteNoise } from "./signals.ts";

const rate = 16_000;
const power = (samples: Int16Array): number => samples.reduce((sum, x) => sum + x * x, 0) / samples.length;

describe("a room", () => {
  it("answers a click after its delay, and ever more quietly", () => {
    const click = quiet(rate, 500);
    click[0] = 20_000;
    const heard = echoIn(click, rate, { delayMs: 50, reverberationMs: 200 });
    expect(heard.findIndex((x) => x !== 0)).toBe(0.05 * rate);
    const at = (ms: number): number => power(heard.subarray((ms * rate) / 1000, ((ms + 20) * rate) / 1000));
    expect(at(60)).toBeGreaterThan(10 * at(110));
    expect(power(heard.subarray(0.16 * rate))).toBe(0);
  });

  it("is as loud as it is told", () => {
    const noise = whiteNoise(rate, 2_000, 3_000);
    const heard = echoIn(noise, rate, { delayMs: 0, level: 0.25 });
    expect(Math.sqrt(power(heard) / power(noise))).toBeCloseTo(0.25, 1);
    expect(heard).toEqual(echoIn(noise, rate, { delayMs: 0, level: 0.25 }));
    expect(heard).not.toEqual(echoIn(noise, rate, { delayMs: 0, level: 0.25, seed: 2 }));
    const loud = echoIn(tone(rate, 200, 300, 20_000), rate, { delayMs: 0, level: 3 });
    expect(Math.max(...loud)).toBe(32_767);
  });

  it.each([0, 100, -100])("is the same as time goes on in it, with clocks %i ppm apart", (driftPpm) => {
    const said = speechLike(rate, 1_000, 3_000);
    const room = { delayMs: 40, driftPpm };
    const echo = new RoomEcho(rate, room);
    const lengths = [320, 1, 160, 4_000];
    const parts = inFrames(said, { sampleRate: rate, channels: 1 }, lengths).map(({ samples }) => echo.hear(samples));
    expect(inSequence(...parts)).toEqual(echoIn(said, rate, room));
  });

  it("drifts away with another clock", () => {
    const said = speechLike(rate, 4_000, 3_000);
    const plain = echoIn(said, rate, { delayMs: 0, reverberationMs: 20 });
    const early = echoIn(said, rate, { delayMs: 0, reverberationMs: 20, driftPpm: 1_000 });
    // After 3 s it is 3 ms ahead.
    const likeness = (lead: number): number =>
      early.slice(3 * rate, 3.1 * rate).reduce((sum, x, i) => sum + x * (plain[3 * rate + i + lead] as number), 0);
    expect(likeness(48)).toBeGreaterThan(1.2 * likeness(0));
  });
});
