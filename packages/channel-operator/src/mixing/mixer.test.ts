import { type AudioFrame, type Clock, silence } from "@roomkit/core";
import { inFrames, tone, VirtualClock } from "@roomkit/testing";
import { describe, expect, it } from "vitest";
import { Mixer } from "./mixer.ts";
import { Outlet } from "./outlet.ts";
import { AudioSource, BLOCK, BLOCK_MS, MIX } from "./source.ts";

const frames = (ms: number, pieceMs = 20, level = 5_000): AudioFrame[] =>
  inFrames(tone(MIX.sampleRate, ms, 400, level), MIX, (MIX.sampleRate * pieceMs) / 1_000);

describe("a source", () => {
  /** Which of the blocks are sound, `#`, and which are nothing, while pieces come at these times, ms. */
  function taken(pieces: readonly { readonly at: number; readonly frame: AudioFrame }[], ms: number): string {
    const source = new AudioSource();
    let told = "";
    const left = [...pieces];
    for (let now = 0; now < ms; now += BLOCK_MS) {
      while (left[0] && left[0].at <= now) source.push((left.shift() as { readonly frame: AudioFrame }).frame);
      told += source.take(now) ? "#" : ".";
    }
    return told;
  }

  it("waits for two packets, and then has no gap", () => {
    expect(
      taken(
        frames(400).map((frame, i) => ({ at: i * 20, frame })),
        500,
      ),
    ).toBe(`.${"#".repeat(20)}....`);
  });

  it("has no gap either, but at the beginning, where audio comes in pieces of 100 ms, late and early", () => {
    const pieces = frames(3_000, 100).map((frame, i) => ({ at: i * 100 + ([0, 35, 10, 25][i % 4] ?? 0), frame }));
    const told = taken(pieces, 3_000);
    expect(told.slice(50)).toBe("#".repeat(100));
  });

  it("keeps a second at most of what nobody takes, and has 120 ms of it for long", () => {
    const source = new AudioSource();
    for (const frame of frames(10_000)) {
      source.push(frame);
      expect(source.waitingMs).toBeLessThanOrEqual(1_020);
    }
    let now = 0;
    for (const frame of frames(1_500)) {
      source.push(frame);
      now += BLOCK_MS;
      source.take(now);
    }
    expect(source.waitingMs).toBeLessThanOrEqual(120);
  });

  it("is mono at its rate, whatever comes, and empty once drained", () => {
    const source = new AudioSource();
    const stereo = Int16Array.from({ length: 2 * 960 }, (_, i) => (i % 2 === 0 ? 1_000 : 3_000));
    for (let i = 0; i < 3; i++) source.push({ samples: stereo, sampleRate: 48_000, channels: 2, timestamp: i * 20 });
    const block = source.take(0) as Int16Array;
    expect([block.length, block[300]]).toEqual([BLOCK, 2_000]);
    // Another rate in the middle.
    source.push(silence({ sampleRate: 8_000, channels: 1 }, 20));
    expect(source.drain().length).toBeGreaterThan(BLOCK);
    expect([source.drain().length, source.take(20)]).toEqual([0, undefined]);
  });
});

describe("a mixer", () => {
  it("runs only while somebody listens", () => {
    const clock = new VirtualClock();
    const mixer = new Mixer(clock);
    mixer.add(new AudioSource());
    expect(clock.pendingTimers).toBe(0);
    const leave = mixer.listen({ without: new Set(), play: () => {} });
    expect(clock.pendingTimers).toBe(1);
    leave();
    expect(clock.pendingTimers).toBe(0);
  });

  it("mixes after a stall what it has missed, 200 ms of it at most", async () => {
    const virtual = new VirtualClock();
    let stalled = 0;
    const clock: Clock = { ...virtual, now: () => virtual.now() + stalled };
    const mixer = new Mixer(clock);
    const source = new AudioSource();
    mixer.add(source);
    const played: number[] = [];
    mixer.listen({ without: new Set(), play: () => played.push(virtual.now()) });
    const pass = async (ms: number): Promise<void> => {
      for (const frame of frames(ms)) {
        source.push(frame);
        await virtual.advance(20);
      }
    };
    await pass(200);
    const before = played.length;
    // What came meanwhile is read before the timer runs.
    for (const frame of frames(160)) source.push(frame);
    stalled = 160;
    await virtual.advance(20);
    expect(played.length - before).toBe(9);
    stalled += 60_000;
    for (const frame of frames(800)) source.push(frame);
    const late = played.length;
    await virtual.advance(20);
    expect(played.length - late).toBeLessThanOrEqual(11);
  });

  it("gives nothing to whom nothing is for", async () => {
    const clock = new VirtualClock();
    const mixer = new Mixer(clock);
    const [mine, other] = [new AudioSource(), new AudioSource()];
    for (const source of [mine, other]) mixer.add(source);
    let played = 0;
    mixer.listen({ without: new Set([mine]), play: () => played++ });
    for (const frame of frames(200)) {
      mine.push(frame);
      await clock.advance(20);
    }
    expect(played).toBe(0);
    for (const frame of frames(200)) {
      other.push(frame);
      await clock.advance(20);
    }
    expect(played).toBeGreaterThan(5);
  });
});

it("an outlet gives the format that is wanted", () => {
  const out: AudioFrame[] = [];
  const outlet = new Outlet({ sampleRate: 48_000, channels: 2 }, (frame) => out.push(frame));
  for (const { samples } of frames(100)) outlet.play(samples);
  const all = out.flatMap(({ samples }) => [...samples]);
  expect(out.every(({ sampleRate, channels }) => sampleRate === 48_000 && channels === 2)).toBe(true);
  expect(all.every((sample, i) => sample === all[i - (i % 2)])).toBe(true);
  expect(all.length / 2).toBeGreaterThan(48 * 95);
  expect(out[2]?.timestamp).toBeCloseTo(
    (((out[0]?.samples.length ?? 0) + (out[1]?.samples.length ?? 0)) / 2 / 48_000) * 1_000,
    6,
  );
});
