import { describe, expect, it } from "vitest";
import { JitterBuffer } from "./jitter-buffer.ts";

const packet = (sequence: number): Parameters<JitterBuffer["push"]>[0] => ({
  sequence: sequence & 0xffff,
  timestamp: (sequence * 960) >>> 0,
  payload: Uint8Array.of(sequence & 0xff),
});

/** Pushes in the given order, 20 ms apart, popping after each; `L3` is a loss of three. */
function run(order: readonly number[], options = {}, everyMs = 20): string[] {
  const buffer = new JitterBuffer(options);
  const out: string[] = [];
  let now = 0;
  const drain = (): void => {
    for (let next = buffer.pop(now); next; next = buffer.pop(now)) {
      out.push(next.type === "lost" ? `L${next.count}` : String(next.packet.sequence));
    }
  };
  for (const sequence of order) {
    buffer.push(packet(sequence), now);
    drain();
    now += everyMs;
  }
  now += 1_000;
  drain();
  return out;
}

describe("JitterBuffer", () => {
  it("hands packets on as they come when they come in order", () => {
    const buffer = new JitterBuffer();
    for (let i = 65_530; i < 65_545; i++) {
      buffer.push(packet(i), i);
      expect(buffer.pop(i)).toMatchObject({ type: "packet", packet: { sequence: i & 0xffff } });
      expect(buffer.pop(i)).toBeUndefined();
    }
  });

  it("puts packets back in order, across the wrap too", () => {
    expect(run([65_534, 65_536, 65_535, 65_537, 65_539, 65_538])).toEqual(["65534", "65535", "0", "1", "2", "3"]);
  });

  it("gives a missing packet up after 60 ms, or when four wait for it", () => {
    const buffer = new JitterBuffer();
    buffer.push(packet(1), 0);
    expect(buffer.pop(0)?.type).toBe("packet");
    buffer.push(packet(3), 20);
    expect(buffer.pop(79)).toBeUndefined();
    expect(buffer.pop(80)).toMatchObject({ type: "lost", count: 1, next: { sequence: 3 } });
    expect(buffer.pop(80)).toMatchObject({ type: "packet", packet: { sequence: 3 } });
    for (const s of [5, 6, 7, 8]) buffer.push(packet(s), 81);
    expect(buffer.pop(81)).toBeUndefined();
    buffer.push(packet(9), 81);
    expect(buffer.pop(81)?.type).toBe("lost");
  });

  it("tells how many were lost, and drops those that come after all", () => {
    expect(run([1, 2, 6, 7, 8, 9, 10, 3, 4])).toEqual(["1", "2", "L3", "6", "7", "8", "9", "10"]);
    const buffer = new JitterBuffer();
    for (const s of [1, 5]) buffer.push(packet(s), 0);
    for (let i = 0; i < 3; i++) buffer.pop(100);
    buffer.push(packet(3), 101);
    expect(buffer.pop(101)).toBeUndefined();
    expect(buffer.stats).toMatchObject({ lost: 3, late: 1, received: 2 });
  });

  it("plays no packet twice: a replay is late or a duplicate", () => {
    const order = [1, 2, 3, 2, 1, 3, 4, 4, 5];
    expect(run(order)).toEqual(["1", "2", "3", "4", "5"]);
    const again = Array.from({ length: 200 }, (_, i) => i + 1);
    expect(run([...again, ...again])).toEqual(again.map(String));
  });

  it("begins anew after a leap forward, and never goes back", () => {
    expect(run([1, 2, 3, 5_000, 5_001])).toEqual(["1", "2", "3", "5000", "5001"]);
    expect(run([5_000, 5_001, 1, 2, 3, 5_002])).toEqual(["5000", "5001", "5002"]);
  });

  it("holds a bounded number, whatever comes", () => {
    const buffer = new JitterBuffer();
    buffer.push(packet(0), 0);
    buffer.pop(0);
    for (let i = 2; i < 60_000; i += 2) {
      buffer.push(packet(i), 0);
      while (buffer.pop(0));
      expect(buffer.waiting).toBeLessThanOrEqual(5);
    }
  });

  it("counts a redundant copy neither as late nor as duplicate", () => {
    const buffer = new JitterBuffer();
    buffer.push(packet(1), 0);
    buffer.pop(0);
    for (const sequence of [1, 2, 2]) buffer.push({ ...packet(sequence), redundant: true }, 0);
    expect(buffer.pop(0)).toMatchObject({ packet: { sequence: 2 } });
    expect(buffer.stats).toMatchObject({ received: 1, late: 0, duplicate: 0 });
  });
});
