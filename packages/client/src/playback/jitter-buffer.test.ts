import { describe, expect, it } from "vitest";
import { JitterBuffer } from "./jitter-buffer.ts";

const RATE = 1_000; // one sample is one ms

function audio(ms: number): Int16Array {
  return new Int16Array(ms).fill(1);
}

/** Reads up to `ms` the way the player does; returns how much there was. */
function play(jitter: JitterBuffer, ms: number): number {
  return jitter.poll() === "play" ? jitter.read(new Float32Array(ms), ms) : 0;
}

describe("JitterBuffer", () => {
  it("holds back the cushion before an utterance starts", () => {
    const jitter = new JitterBuffer(RATE, { startMs: 80 });
    expect(jitter.poll()).toBe("idle");
    jitter.push(1, 0, audio(60));
    expect(jitter.poll()).toBe("wait");
    jitter.push(1, 60, audio(20));
    expect(jitter.poll()).toBe("play");
    expect(jitter.bufferedMs).toBe(80);
  });

  it("plays what is shorter than the cushion when it has ended, or when nothing more comes", () => {
    const ended = new JitterBuffer(RATE);
    ended.push(1, 0, audio(20));
    ended.end(1);
    expect(ended.poll()).toBe("play");

    const cutOff = new JitterBuffer(RATE, { startMs: 80 });
    cutOff.push(1, 0, audio(20));
    cutOff.waited(279);
    expect(cutOff.poll()).toBe("wait");
    cutOff.waited(1);
    expect(cutOff.poll()).toBe("play");
  });

  it("grows when audio runs out, once for each time, up to its limit", () => {
    const jitter = new JitterBuffer(RATE, { startMs: 80, growMs: 40, maxMs: 150 });
    const targets: number[] = [];
    let offset = 0;
    for (let i = 0; i < 4; i++) {
      jitter.push(1, offset, audio(150));
      offset += 150;
      expect(play(jitter, 1_000)).toBe(150);
      expect(jitter.poll()).toBe("wait");
      expect(jitter.poll()).toBe("wait");
      targets.push(jitter.targetMs);
    }
    expect(targets).toEqual([120, 150, 150, 150]);
    expect(jitter.underruns).toBe(4);
  });

  it("waits for the grown cushion before going on", () => {
    const jitter = new JitterBuffer(RATE, { startMs: 80, growMs: 40 });
    jitter.push(1, 0, audio(80));
    play(jitter, 80);
    jitter.poll();
    jitter.push(1, 80, audio(119));
    expect(jitter.poll()).toBe("wait");
    jitter.push(1, 199, audio(1));
    expect(jitter.poll()).toBe("play");
  });

  it("shrinks slowly while nothing runs out, down to its limit", () => {
    const jitter = new JitterBuffer(RATE, { startMs: 60, minMs: 45, shrinkMs: 10, shrinkAfterMs: 1_000 });
    jitter.push(1, 0, audio(5_000));
    play(jitter, 999);
    expect(jitter.targetMs).toBe(60);
    play(jitter, 1);
    expect(jitter.targetMs).toBe(50);
    for (let i = 0; i < 3; i++) play(jitter, 1_000);
    expect(jitter.targetMs).toBe(45);
  });

  it("does not count the end of an utterance as running out", () => {
    const jitter = new JitterBuffer(RATE);
    jitter.push(1, 0, audio(100));
    jitter.end(1);
    play(jitter, 100);
    expect(jitter.poll()).toBe("finished");
    jitter.advance();
    expect(jitter.poll()).toBe("idle");
    expect(jitter.underruns).toBe(0);
  });

  it("plays utterances in the order they came", () => {
    const jitter = new JitterBuffer(RATE);
    jitter.push(7, 0, audio(100));
    jitter.push(3, 0, audio(100));
    jitter.end(7);
    play(jitter, 100);
    expect([jitter.head?.utterance, jitter.poll()]).toEqual([7, "finished"]);
    jitter.advance();
    expect([jitter.head?.utterance, jitter.poll()]).toEqual([3, "play"]);
  });

  it("does not let an utterance whose end was lost stand in the way", () => {
    const jitter = new JitterBuffer(RATE, { startMs: 80, growMs: 0 });
    jitter.push(1, 0, audio(100));
    play(jitter, 100);
    expect(jitter.poll()).toBe("wait");
    jitter.push(2, 0, audio(100));
    jitter.waited(280);
    expect(jitter.poll()).toBe("finished");
    jitter.advance();
    expect(jitter.poll()).toBe("play");
  });

  it("drops everything on clear, and what still arrives of it", () => {
    const jitter = new JitterBuffer(RATE);
    jitter.push(1, 0, audio(100));
    jitter.push(2, 0, audio(100));
    play(jitter, 30);
    expect(jitter.clear().map(({ utterance, position }) => [utterance, position])).toEqual([
      [1, 30],
      [2, 0],
    ]);
    jitter.push(1, 100, audio(100));
    jitter.end(2);
    expect([jitter.poll(), jitter.bufferedMs, jitter.dropped]).toEqual(["idle", 0, 100]);
    jitter.push(3, 0, audio(100));
    expect(jitter.poll()).toBe("play");
  });

  it("clears up to a number, also what has not come yet", () => {
    const jitter = new JitterBuffer(RATE);
    jitter.push(2, 0, audio(100));
    jitter.push(4, 0, audio(100));
    expect(jitter.clear(3).map(({ utterance }) => utterance)).toEqual([2]);
    jitter.push(3, 0, audio(100));
    expect([jitter.head?.utterance, jitter.bufferedMs]).toEqual([4, 100]);
  });

  it("finishes an utterance without audio", () => {
    const jitter = new JitterBuffer(RATE);
    jitter.end(1);
    expect([jitter.head?.utterance, jitter.poll()]).toEqual([1, "finished"]);
  });

  it("reports a lost piece as a gap", () => {
    const jitter = new JitterBuffer(RATE);
    jitter.push(1, 0, audio(100));
    jitter.push(1, 120, audio(100));
    expect(play(jitter, 500)).toBe(100);
    expect(jitter.poll()).toBe("gap");
    expect(jitter.head?.skipGap()).toBe(20);
    expect(play(jitter, 500)).toBe(100);
  });

  it("is bounded in audio and in utterances", () => {
    const jitter = new JitterBuffer(RATE, { maxBufferedMs: 1_000 });
    for (let i = 0; i < 30; i++) jitter.push(1, i * 100, audio(100));
    expect([jitter.bufferedMs, jitter.dropped]).toEqual([1_000, 2_000]);
    const many = new JitterBuffer(RATE);
    for (let i = 0; i < 1_000; i++) many.push(i, 0, audio(1));
    expect(many.bufferedMs).toBeLessThanOrEqual(256);
  });
});
