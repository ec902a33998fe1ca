import { seededRandom } from "@roomkit/testing";
import { describe, expect, it } from "vitest";
import { ReferenceQueue } from "./reference-queue.ts";

const rate = 8_000;
const perMs = rate / 1000;
/** A block of the canceller, and a frame of what is played, in ms. */
const BLOCK = 10;
const FRAME = 20;

/** Both sides of a queue; what is played at `ms` on its clock has the number of that ms in its samples. */
class Sides {
  readonly queue = new ReferenceQueue(rate);
  /** For each block of microphone audio: the ms of what was played that it was paired with; 0 for silence. */
  readonly paired: number[] = [];
  farMs = 1;
  nearMs = 1;

  /** `clock` is what the timestamps say beyond what the samples count. */
  far(ms: number, clock = 0): void {
    for (const end = this.farMs + ms; this.farMs < end; this.farMs += FRAME) {
      const samples = Int16Array.from({ length: FRAME * perMs }, (_, i) => this.farMs + Math.floor(i / perMs));
      this.queue.push({ samples, sampleRate: rate, channels: 1, timestamp: this.farMs + clock });
    }
  }

  near(ms: number, clock = 0): void {
    const block = new Int16Array(BLOCK * perMs);
    for (const end = this.nearMs + ms; this.nearMs < end; this.nearMs += BLOCK) {
      this.queue.read(block, this.nearMs + clock);
      this.paired.push(block[0] as number);
    }
  }

  turns(ms: number): void {
    for (let i = 0; i < ms; i += FRAME) {
      this.far(FRAME);
      this.near(FRAME);
    }
  }

  /** By how much what was played is behind the microphone's count of ms, in the newest block. */
  get behind(): number {
    return this.nearMs - BLOCK - (this.paired.at(-1) as number);
  }
}

describe("what is played and what is heard", () => {
  it("are paired as they come, in turns", () => {
    const sides = new Sides();
    sides.turns(1_000);
    expect(sides.paired).toEqual(Array.from({ length: 100 }, (_, i) => 1 + BLOCK * i));
  });

  it("are paired from when the first is played, however long the microphone was there before", () => {
    const sides = new Sides();
    sides.near(3_000);
    sides.turns(100);
    expect(sides.paired.slice(0, 300).every((ms) => ms === 0)).toBe(true);
    expect(sides.paired.slice(300)).toEqual([1, 11, 21, 31, 41, 51, 61, 71, 81, 91]);
  });

  it("stay paired when several of one come, then several of the other", () => {
    const sides = new Sides();
    sides.turns(200);
    for (let i = 0; i < 5; i++) {
      sides.far(200);
      sides.near(200);
    }
    expect(sides.behind).toBe(0);
    expect(sides.paired).not.toContain(0);
  });

  it("are paired anew when the microphone was ahead: what was not played yet is not in it", () => {
    const sides = new Sides();
    sides.turns(200);
    sides.near(60);
    expect(sides.paired.slice(-6)).toEqual([0, 0, 0, 0, 0, 0]);
    // From now on it has that much in hand.
    for (let i = 0; i < 20; i++) {
      sides.far(60);
      sides.near(60);
    }
    expect(sides.behind).toBe(60);
    expect(sides.paired.slice(26)).not.toContain(0);
  });

  it("stay paired over a pause in which nothing is played and nothing told", () => {
    const sides = new Sides();
    sides.turns(200);
    sides.near(3_000);
    sides.farMs += 3_000;
    sides.turns(100);
    expect(sides.behind).toBe(0);
    expect(sides.paired.slice(20, 320).every((ms) => ms === 0)).toBe(true);
  });

  it("stay paired over a gap in the microphone's clock", () => {
    const sides = new Sides();
    sides.turns(200);
    sides.far(500);
    sides.nearMs += 500;
    sides.turns(100);
    expect(sides.behind).toBe(0);
  });

  it("are paired anew after the microphone was away for long, its clock as well", () => {
    const sides = new Sides();
    sides.turns(200);
    sides.far(5_000);
    sides.turns(100);
    expect(sides.queue.waitingMs).toBeLessThanOrEqual(FRAME);
    expect(sides.behind).toBe(-5_000);
  });

  it.each([
    [40, 20_000, 40],
    [100, 4_000, 100],
    [100, 10_000, 0],
    [400, 2_000, 0],
  ])("%i ms that need not wait are there for %i ms, and then %i", (surplus, ms, left) => {
    const sides = new Sides();
    sides.turns(200);
    sides.far(surplus);
    sides.turns(ms);
    expect(sides.behind).toBe(left === 0 ? -surplus : 0);
    expect(Math.round(sides.queue.waitingMs)).toBe(left);
  });

  it("keep what is needed now and then", () => {
    const sides = new Sides();
    sides.turns(200);
    // Every 3 s the microphone is 200 ms ahead.
    for (let i = 0; i < 10; i++) {
      sides.turns(3_000);
      sides.near(200);
      sides.far(200);
    }
    expect(sides.behind).toBe(200);
    // Only the first time.
    expect(sides.paired.filter((ms) => ms === 0)).toHaveLength(20);
  });

  it("follow each other also when a clock goes back", () => {
    const sides = new Sides();
    sides.turns(200);
    for (let i = 0; i < 10; i++) {
      sides.far(FRAME, -150);
      sides.near(FRAME, -70);
    }
    expect(sides.behind).toBe(0);
  });

  it.each([1, 2, 3, 4, 5, 6])("come in any order, and nothing that is not played is heard (seed %i)", (seed) => {
    const random = seededRandom(seed);
    const sides = new Sides();
    const latest = { far: 0, near: 0 };
    // Each side has what is due since it came last, all at once, at most 300 ms late.
    for (let now = FRAME; now <= 32_000; now += FRAME) {
      for (const side of random() < 0.5 ? (["far", "near"] as const) : (["near", "far"] as const)) {
        if (random() < 0.7 && now - latest[side] < 300) continue;
        sides[side](now - latest[side]);
        latest[side] = now;
        // A block is never paired with what was played only after it had come.
        if (side === "near") expect(sides.paired.at(-1) ?? 0).toBeLessThan(sides.farMs);
        expect(sides.queue.waitingMs).toBeLessThanOrEqual(1_000);
      }
    }
    // The last 16 seconds: hardly ever another pairing, and hardly a hole in what was played.
    const pairings = sides.paired.map((ms, i) => ms && BLOCK * i - ms).slice(1_600);
    expect(new Set(pairings).size).toBeLessThan(6);
    expect(pairings.filter((behind) => behind === 0).length).toBeLessThan(60);
  });
});
