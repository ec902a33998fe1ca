import { echoIn, inFrames, inSequence, mixed, quiet } from "@roomkit/testing";
import { describe, expect, it } from "vitest";
import { format, hiss, loudness, over, passed, rate, through, voice } from "./call.fixture.ts";
import { echoGuard } from "./index.ts";

const before = 500;
const spoken = (ms: number, seed: number, level = 3_000): Int16Array =>
  inSequence(quiet(rate, before), voice(ms - before, level, seed));
const room = (far: Int16Array, level: number, delayMs: number, seed = 1): Int16Array =>
  mixed(echoIn(far, rate, { delayMs, level, seed, reverberationMs: 80 }), hiss((far.length / rate) * 1000));

describe("an echo alone", () => {
  it.each([
    [0.5, 20],
    [0.3, 80],
    [0.3, 160],
    [0.3, 300],
    [0.3, 600],
    [0.1, 80],
    [0.05, 300],
  ])("at %f of what is played after %i ms is never let through, from the first word on", (level, delayMs) => {
    for (const seed of [1, 2, 3]) {
      const far = spoken(6_000, seed);
      const mic = room(far, level, delayMs, seed);
      const out = through(echoGuard().open(format), mic, far);
      expect(loudness(out, before, 6_000), `${seed}`).toBeLessThan(Math.max(40, loudness(mic, before, 6_000) / 4));
    }
  });

  it("of a loudspeaker that rounds its peaks is not let through once it is known", () => {
    for (const seed of [1, 2, 3]) {
      const far = spoken(8_000, seed);
      const bent = far.map((x) => 4_000 * Math.tanh((1.5 * x) / 4_000));
      const mic = room(bent, 0.3, 100, seed);
      const out = through(echoGuard().open(format), mic, far);
      expect(loudness(out, 3_000, 8_000), `${seed}`).toBeLessThan(loudness(mic, 3_000, 8_000) / 2);
    }
  });

  it.each([
    [0.3, 50],
    [0.25, 160],
  ])(
    "at %f after %i ms is kept back where an answer begins after somebody has interrupted the one before",
    (level, delayMs) => {
      const [asked, answered] = [before + 3_000, before + 5_100];
      for (let seed = 11; seed <= 20; seed++) {
        const gap = quiet(rate, answered - asked - 500);
        const far = inSequence(spoken(asked + 500, seed), gap, voice(2_000, 3_000, seed + 9));
        const mic = over(room(far, level, delayMs, seed), voice(1_600, 2_000, seed + 20), asked);
        const out = through(echoGuard().open(format), mic, far);
        const heard = loudness(mic, answered, answered + 600);
        expect(loudness(out, answered, answered + 600), `${seed}`).toBeLessThan(heard / 4);
      }
    },
  );

  it("is told of once, with its way", () => {
    const guard = echoGuard().open(format);
    const far = spoken(8_000, 4);
    through(guard, room(far, 0.2, 120), far);
    const { echo } = guard;
    expect(echo?.couplingDb).toBeGreaterThan(-19);
    expect(echo?.couplingDb).toBeLessThan(-9);
    expect(Math.abs((echo?.delayMs ?? 0) - 130)).toBeLessThanOrEqual(30);
    through(guard, room(far, 0.2, 120), far, rate, 8_000);
    expect(guard.echo).toBe(echo);
  });

  it("fades in the room after what is played was cut off", () => {
    const far = spoken(5_000, 5).fill(0, 3 * rate);
    const mic = room(far, 0.3, 120);
    const out = through(echoGuard().open(format), mic, far);
    expect(loudness(out, 2_900, 3_500)).toBeLessThan(60);
  });

  it.each([100, -100])("is known for five minutes though the clocks are %i ppm apart", (driftPpm) => {
    const far = inSequence(quiet(rate, before), ...Array.from({ length: 10 }, (_, i) => voice(3_000, 3_000, i)));
    const guard = echoGuard().open(format);
    // As if four minutes had gone by: 24 ms.
    for (const [i, drift] of [0, driftPpm * 0.24].entries()) {
      const mic = room(far, 0.3, 100 + drift);
      expect(loudness(through(guard, mic, far, rate, 30_500 * i), 1_500, 30_000)).toBeLessThan(
        loudness(mic, 1_500, 30_000) / 4,
      );
    }
  });
});

describe("a caller", () => {
  const far = spoken(8_000, 11);

  it("is let through bit by bit where nothing is played", () => {
    const mic = mixed(voice(3_000, 3_000, 1), hiss(3_000));
    expect(through(echoGuard().open(format), mic, quiet(rate, 3_000))).toEqual(mic);
    const guard = echoGuard().open(format);
    for (const frame of inFrames(quiet(rate, 3_000), format)) guard.reference(frame);
    expect(through(guard, mic, quiet(rate, 3_000))).toEqual(mic);
  });

  it.each([1, 2, 4])("%i times as loud as the echo is heard within 400 ms, and until they are done", (times) => {
    for (const seed of [1, 2, 3]) {
      const echo = room(far, 0.2, 100, seed);
      const mic = over(echo, voice(2_000, 600 * times, seed + 20), 4_000);
      const out = through(echoGuard().open(format), mic, far);
      expect(passed(mic, out, 4_000, 4_400), `${seed}`).toBeGreaterThan(0.1);
      expect(passed(mic, out, 4_400, 5_800), `${seed}`).toBeGreaterThan(0.8);
      expect(loudness(out, 6_800, 8_000), `${seed}`).toBeLessThan(loudness(mic, 6_800, 8_000) / 3);
    }
  });

  it.each([
    [0, 3],
    [100, 6],
    [300, 4],
  ])("is heard who speaks %i ms after the first word, before anything is learnt, by %i of six", (after, least) => {
    const from = before + 100 + after;
    const heard = [1, 2, 3, 4, 5, 6].filter((seed) => {
      const mic = over(room(far, 0.2, 100, seed), voice(1_500, 1_500, seed + 40), from);
      return passed(mic, through(echoGuard().open(format), mic, far), from, from + 1_000) > 0.15;
    });
    expect(heard.length).toBeGreaterThanOrEqual(least);
  });

  it("with headphones is heard over all that is played", () => {
    const mic = over(hiss(8_000), voice(2_000, 1_500, 50), 4_000);
    const out = through(echoGuard().open(format), mic, far);
    expect(passed(mic, out, 4_100, 6_000)).toBeGreaterThan(0.9);
  });

  it("who puts headphones on is heard, and told of no echo", () => {
    const guard = echoGuard().open(format);
    through(guard, room(far, 0.3, 100), far);
    const mic = over(hiss(8_000), voice(2_000, 1_000, 51), 4_000);
    expect(passed(mic, through(guard, mic, far, rate, 8_000), 4_300, 6_000)).toBeGreaterThan(0.8);
  });
});

describe("a way that changes", () => {
  const far = spoken(6_000, 61);

  it.each([
    ["louder", 0.4, 100],
    ["fainter", 0.05, 100],
    ["later", 0.15, 260],
    ["earlier", 0.15, 20],
  ])("is learnt again when the echo is %s", (_what, level, delayMs) => {
    const guard = echoGuard().open(format);
    through(guard, room(far, 0.15, 100), far);
    const mic = room(far, level, delayMs, 3);
    const out = through(guard, mic, far, rate, 6_000);
    expect(loudness(out, before + 2_000, 6_000)).toBeLessThan(Math.max(40, loudness(mic, before + 2_000, 6_000) / 2));
    const again = over(mic, voice(1_500, 3_000 * level * 2, 70), 3_000);
    expect(passed(again, through(guard, again, far, rate, 12_000), 3_400, 4_400)).toBeGreaterThan(0.6);
  });
});

describe("options", () => {
  it.each([{ maxDelayMs: 5 }, { hangoverMs: 5_000 }, { comfortNoise: 1 }])("%o is refused", (options) => {
    expect(() => echoGuard(options as never)).toThrow(expect.objectContaining({ code: "invalid_option" }));
  });

  it("say how late an echo may be, how long a caller is let through, and what stands in", () => {
    const far = spoken(6_000, 1);
    const late = room(far, 0.3, 500);
    const heard = (options: object, mic: Int16Array): Int16Array => through(echoGuard(options).open(format), mic, far);
    expect(loudness(heard({ maxDelayMs: 200 }, late), 2_000, 6_000)).toBeGreaterThan(
      3 * loudness(heard({}, late), 2_000, 6_000),
    );
    const mic = over(room(far, 0.2, 100), voice(500, 2_000, 20), 3_000);
    const longer = passed(mic, heard({ hangoverMs: 1_000 }, mic), 3_000, 5_500);
    expect(longer).toBeGreaterThan(passed(mic, heard({ hangoverMs: 50 }, mic), 3_000, 5_500) + 0.15);
    const echo = room(far, 0.3, 100);
    expect(loudness(heard({ comfortNoise: false }, echo), 2_000, 3_000)).toBeLessThan(1);
    expect(loudness(heard({}, echo), 2_000, 3_000)).toBeGreaterThan(5);
  });
});

it.each([8_000, 22_050, 24_000, 44_100, 48_000])("does the same at %i Hz", (sampleRate) => {
  const far = inSequence(quiet(sampleRate, before), voice(4_500, 3_000, 3, sampleRate));
  const echo = mixed(
    echoIn(far, sampleRate, { delayMs: 100, level: 0.2, reverberationMs: 60 }),
    hiss(5_000, 15, sampleRate),
  );
  const mic = over(echo, voice(1_000, 1_500, 9, sampleRate), 3_000, sampleRate);
  const out = through(echoGuard().open({ sampleRate, channels: 1 }), mic, far, sampleRate);
  expect(loudness(out, before, 3_000, sampleRate)).toBeLessThan(loudness(mic, before, 3_000, sampleRate) / 4);
  expect(loudness(out, 3_300, 4_000, sampleRate)).toBeGreaterThan(loudness(mic, 3_300, 4_000, sampleRate) / 2);
});
