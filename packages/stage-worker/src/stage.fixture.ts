import type { AudioFrame, EchoCanceller, StageFactory } from "@roomkit/core";

/** What {@link fixture} does on purpose. */
export interface FixtureOptions {
  /** Adds it to every sample. */
  readonly add?: number | undefined;
  /** Holds the newest frame back. */
  readonly hold?: boolean | undefined;
  /** `open` throws. */
  readonly refuse?: boolean | undefined;
}

/** What the first sample of a frame makes it do. */
export const FAIL = -1;
export const HANG = -2;
export const DIE = -3;

/** A stage that can be made on another thread, and does what the samples tell it. */
export function fixture(options: FixtureOptions = {}): StageFactory<EchoCanceller> {
  const { add = 0, hold = false, refuse = false } = options;
  return {
    name: "fixture",
    recipe: { module: import.meta.url, name: "fixture", options },
    open(format) {
      if (refuse) throw Object.assign(new Error("made to refuse"), { code: "nothing" });
      let held: AudioFrame = { samples: new Int16Array(0), ...format, timestamp: 0 };
      let far = 0;
      return {
        process(frame) {
          const [first] = frame.samples;
          if (first === FAIL) throw new Error("made to fail");
          if (first === DIE) process.exit(1);
          for (; first === HANG; );
          const out = { ...frame, samples: frame.samples.map((sample) => sample + add + far) };
          if (!hold) return out;
          const before = held;
          held = out;
          return before;
        },
        reference(frame) {
          far = frame.samples[0] ?? 0;
        },
        reset() {
          far = 0;
        },
        close() {},
      };
    },
  };
}
