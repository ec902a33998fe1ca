import { echoIn, inSequence, mixed, seededRandom, speechLike } from "@roomkit/testing";
import { describe, expect, it } from "vitest";
import { erle, farSpeech, format, framesFrom, loss, rate, silent, through } from "./call.fixture.ts";
import { webrtcAec } from "./index.ts";

const far = farSpeech(10_000);

describe("echo", () => {
  it.each([20, 60, 120, 200, 300])("of %i ms is gone after a second, and stays so", (delayMs) => {
    const mic = echoIn(far, rate, { delayMs });
    const out = through(webrtcAec().open(format), mic, far);
    expect(erle(mic, out, 2_000)).toBeGreaterThan(15);
    expect(erle(mic, out, 4_000)).toBeGreaterThan(25);
    expect(erle(mic, out, 10_000)).toBeGreaterThan(25);
  });

  it.each([100, -100])("of a clock that is off by %i millionths is gone all the same", (driftPpm) => {
    const mic = echoIn(far, rate, { delayMs: 80, driftPpm });
    expect(erle(mic, through(webrtcAec().open(format), mic, far), 10_000)).toBeGreaterThan(20);
  });

  it.each([8_000, 24_000, 44_100, 48_000])("is gone at %i Hz", (sampleRate) => {
    const own = farSpeech(4_000, sampleRate);
    const mic = echoIn(own, sampleRate, { delayMs: 60, reverberationMs: 60 });
    const out = through(webrtcAec().open({ sampleRate, channels: 1 }), mic, own, sampleRate);
    expect(erle(mic, out, 4_000, sampleRate)).toBeGreaterThan(20);
  });

  it("stays when there is no reference: it is the reference that takes it away", () => {
    const mic = echoIn(far, rate, { delayMs: 60 });
    const out = through(webrtcAec().open(format), mic, silent(10_000));
    expect(erle(mic, out, 10_000)).toBeLessThan(3);
  });
});

describe("the caller", () => {
  const near = inSequence(silent(5_000), speechLike(rate, 5_000, 3_000, 7));

  /** The high-pass filter turns the phases of what is deep: only what has been through it can be compared. */
  const alone = through(webrtcAec().open(format), near, silent(10_000));

  it("is as loud as before while nothing plays", () => {
    expect(Math.abs(erle(near, alone, 10_000))).toBeLessThan(2);
  });

  it.each([20, 100])("loses less than 8 dB while both speak, with an echo of %i ms", (delayMs) => {
    const mic = mixed(near, echoIn(far, rate, { delayMs, level: 0.4 }));
    expect(loss(alone, through(webrtcAec().open(format), mic, far), 5_500)).toBeLessThan(8);
  });
});

/** Both sides of a call in which the two streams come in some order, and what came out of the microphone's, by where it was said. */
class Line {
  readonly canceller = webrtcAec().open(format);
  readonly out = silent(20_000);

  far(samples: Int16Array, timestamp: number): void {
    for (const frame of framesFrom(samples, timestamp)) this.canceller.reference(frame);
  }

  near(samples: Int16Array, timestamp: number): void {
    for (const frame of framesFrom(samples, timestamp)) {
      const { samples: said, timestamp: at } = this.canceller.process(frame);
      this.out.set(said, Math.max(0, Math.round((at * rate) / 1000)));
    }
  }
}

describe("in an unruly order", () => {
  const long = farSpeech(18_000);
  const mic = echoIn(long, rate, { delayMs: 120 });
  const part = (x: Int16Array, from: number, to: number): Int16Array =>
    x.subarray((from * rate) / 1000, (to * rate) / 1000);

  it.each([1, 2, 3, 4])("echo is gone however unevenly both come (seed %i)", (seed) => {
    const random = seededRandom(seed);
    const line = new Line();
    let nearMs = 0;
    // What is played comes on time, in pieces of 20 ms; microphone audio up to 120 ms late, and then all at once.
    for (let now = 20; now <= 18_000; now += 20) {
      line.far(part(long, now - 20, now), now - 20);
      if (random() < 0.6 && now - nearMs < 120) continue;
      line.near(part(mic, nearMs, now), nearMs);
      nearMs = now;
    }
    for (const at of [10_000, 14_000, 17_000]) expect(erle(mic, line.out, at), `${at}`).toBeGreaterThan(20);
  });

  it("echo is gone a while after a pause in which nothing was played, or told of", () => {
    const line = new Line();
    const heard = inSequence(part(mic, 0, 5_000), silent(3_000), part(mic, 5_000, 12_000));
    for (let now = 0; now < 15_000; now += 20) {
      const at = now < 5_000 ? now : now - 3_000;
      if (now < 5_000 || now >= 8_000) line.far(part(long, at, at + 20), now);
      line.near(part(heard, now, now + 20), now);
    }
    expect(erle(heard, line.out, 5_000)).toBeGreaterThan(20);
    expect(erle(heard, line.out, 11_000)).toBeGreaterThan(20);
  });

  it.each([
    ["whose clock goes on", 700],
    ["whose clock stands still", 0],
    ["that is longer than what is kept", 0],
  ])("echo is gone a while after a break of the microphone %s", (what, gap) => {
    const line = new Line();
    const lost = what.includes("longer") ? 3_000 : 700;
    for (let now = 0; now < 15_000; now += 20) {
      line.far(part(long, now, now + 20), now);
      if (now >= 4_000 && now < 4_000 + lost) continue;
      line.near(part(mic, now, now + 20), now < 4_000 ? now : now - lost + gap);
    }
    const after = mic.slice().copyWithin((4_000 + gap) * 16, (4_000 + lost) * 16);
    expect(erle(after, line.out, 4_000)).toBeGreaterThan(20);
    expect(erle(after, line.out, 11_500)).toBeGreaterThan(20);
  });

  it("echo is gone again after reset, with clocks that begin anew", () => {
    const line = new Line();
    for (let now = 0; now < 4_000; now += 20) {
      line.far(part(long, now, now + 20), 50_000 + now);
      line.near(part(mic, now, now + 20), 10_000 + now);
    }
    line.canceller.reset();
    line.out.fill(0);
    for (let now = 0; now < 6_000; now += 20) {
      line.far(part(long, now, now + 20), now);
      line.near(part(mic, now, now + 20), now);
    }
    expect(erle(mic, line.out, 6_000)).toBeGreaterThan(20);
  });
});
