import { describe, expect, it } from "vitest";
import { UtteranceBuffer } from "./utterance-buffer.ts";

/** Samples whose value is their offset, so that order shows. */
function ramp(offset: number, length: number): Int16Array {
  return Int16Array.from({ length }, (_, i) => offset + i);
}

function readAll(buffer: UtteranceBuffer, length = 10_000): number[] {
  const target = new Float32Array(length);
  return Array.from(target.subarray(0, buffer.read(target, length)), (value) => Math.round(value * 32_768));
}

describe("UtteranceBuffer", () => {
  it("reads what was inserted, in order, across chunks", () => {
    const buffer = new UtteranceBuffer(1);
    buffer.insert(0, ramp(0, 5));
    buffer.insert(5, ramp(5, 5));
    expect(buffer.buffered).toBe(10);
    expect(readAll(buffer, 7)).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect(buffer.position).toBe(7);
    expect(readAll(buffer)).toEqual([7, 8, 9]);
    expect(buffer.buffered).toBe(0);
  });

  it("puts chunks in order", () => {
    const buffer = new UtteranceBuffer(1);
    for (const offset of [8, 0, 4, 12]) expect(buffer.insert(offset, ramp(offset, 4))).toBe(4);
    expect(readAll(buffer)).toEqual([...ramp(0, 16)]);
  });

  it("drops what came twice, and the part that did", () => {
    const buffer = new UtteranceBuffer(1);
    buffer.insert(0, ramp(0, 4));
    expect(buffer.insert(0, ramp(0, 4))).toBe(0);
    buffer.insert(8, ramp(8, 4));
    expect(buffer.insert(2, ramp(2, 12))).toBe(4 + 2);
    expect(buffer.buffered).toBe(14);
    expect(readAll(buffer)).toEqual([...ramp(0, 14)]);
  });

  it("drops what comes after its place was read", () => {
    const buffer = new UtteranceBuffer(1);
    buffer.insert(0, ramp(0, 4));
    readAll(buffer);
    expect(buffer.insert(0, ramp(0, 4))).toBe(0);
    expect(buffer.insert(2, ramp(2, 4))).toBe(2);
    expect(readAll(buffer)).toEqual([4, 5]);
  });

  it("stops at a gap until it is filled or given up", () => {
    const buffer = new UtteranceBuffer(1);
    expect(buffer.gap).toBe(0);
    buffer.insert(0, ramp(0, 2));
    buffer.insert(6, ramp(6, 2));
    expect(readAll(buffer)).toEqual([0, 1]);
    expect(buffer.gap).toBe(4);
    buffer.insert(2, ramp(2, 2));
    expect(readAll(buffer)).toEqual([2, 3]);
    expect(buffer.skipGap()).toBe(2);
    expect(readAll(buffer)).toEqual([6, 7]);
    expect(buffer.skipGap()).toBe(0);
  });

  it("is finished when it ended and everything was read", () => {
    const buffer = new UtteranceBuffer(1);
    buffer.insert(0, ramp(0, 2));
    buffer.end();
    expect([buffer.ended, buffer.finished]).toEqual([true, false]);
    readAll(buffer);
    expect(buffer.finished).toBe(true);
  });

  it("gives the same audio for any order and overlap of chunks", () => {
    let state = 7;
    const random = (below: number): number => {
      state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
      return Math.floor((state / 0x80000000) * below);
    };
    for (let round = 0; round < 200; round++) {
      const buffer = new UtteranceBuffer(1);
      const total = 1 + random(60);
      let accepted = 0;
      const covered = new Set<number>();
      for (let i = 0; i < 20; i++) {
        const offset = random(total);
        const length = 1 + random(total - offset);
        accepted += buffer.insert(offset, ramp(offset, length));
        for (let at = offset; at < offset + length; at++) covered.add(at);
      }
      expect(accepted).toBe(covered.size);
      const heard: number[] = [];
      for (;;) {
        const part = readAll(buffer);
        heard.push(...part);
        if (part.length === 0 && buffer.skipGap() === 0) break;
      }
      expect(heard).toEqual([...covered].sort((a, b) => a - b));
    }
  });
});
