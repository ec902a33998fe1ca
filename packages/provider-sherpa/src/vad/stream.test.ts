import { inFrames } from "@roomkit/testing";
import { expect, it } from "vitest";
import type { NativeVad } from "../native/sherpa.ts";
import { resolveVadOptions } from "./options.ts";
import { SherpaVadStream } from "./stream.ts";

/** Takes everything for speech, and counts what it keeps of it. */
class Hoarder implements NativeVad {
  kept = 0;
  most = 0;
  acceptWaveform(samples: Float32Array): void {
    this.kept += samples.length;
    this.most = Math.max(this.most, this.kept);
  }
  isDetected(): boolean {
    return true;
  }
  isEmpty(): boolean {
    return true;
  }
  pop(): void {}
  reset(): void {
    this.kept = 0;
  }
}

it("never lets the library keep more than a minute of speech, and speech goes on", () => {
  const native = new Hoarder();
  let released: NativeVad | undefined;
  const stream = new SherpaVadStream(native, resolveVadOptions({ model: "-", maxSpeechMs: 600_000 }), (back) => {
    released = back;
  });
  const events = inFrames(new Int16Array(16_000 * 150), { sampleRate: 16_000, channels: 1 }).flatMap(
    (frame) => stream.process(frame) ?? [],
  );
  expect(events).toEqual([{ type: "speech-start", timestamp: 0 }]);
  expect(native.most).toBeGreaterThan(16_000 * 59);
  expect(native.most).toBeLessThanOrEqual(16_000 * 60);
  stream.close();
  expect(released).toBe(native);
  expect(native.kept).toBe(0);
});

it("counts the window of speech that the library needs to be sure, and no more", () => {
  const says = [false, true, true, false, true, false, true, true, true];
  const native = {
    acceptWaveform() {},
    isDetected: () => says.shift() === true,
    isEmpty: () => true,
    pop() {},
    reset() {},
  };
  const stream = new SherpaVadStream(native, resolveVadOptions({ model: "-", minSpeechMs: 96 }), () => {});
  const known = inFrames(new Int16Array(512 * 9), { sampleRate: 16_000, channels: 1 }, 512).map(
    (frame) => stream.process(frame)?.type,
  );
  // Two windows that it tells of and the one before them are 96 ms.
  expect(known.indexOf("speech-start")).toBe(2);
  expect(says).toEqual([]);
});
