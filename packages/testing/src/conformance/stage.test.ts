import { type AudioFormat, type AudioFrame, Framer, RoomKitError, rms, type StageFactory } from "@roomkit/core";
import { describe, expect, it } from "vitest";
import { ConformanceFailure } from "./case.ts";
import { type InboundStage, type StageConformanceOptions, stageConformance } from "./stage.ts";

const format: AudioFormat = { sampleRate: 16_000, channels: 1 };
/** Half a minute shows a leak that takes what it is given. */
const short = { minutes: 0.5, growthMb: 0.5 };

const assertMono = ({ sampleRate, channels }: AudioFormat): void => {
  if (channels === 1 && sampleRate === format.sampleRate) return;
  throw new RoomKitError("unsupported_format", "16 kHz mono");
};

/** As simple as can be: each window 6 dB louder than half of the one before plus itself. Each defect below breaks one thing of it. */
class PlainChanger implements InboundStage {
  readonly framer = new Framer(160, format.sampleRate);
  level = 0;
  closed = false;

  process(frame: AudioFrame): AudioFrame {
    assertMono(frame);
    if (this.closed) return frame;
    const parts: Int16Array[] = [];
    let timestamp: number | undefined;
    this.framer.push(frame, (window, at) => {
      timestamp ??= at;
      parts.push(this.change(window));
    });
    const samples = Int16Array.from(parts.flatMap((part) => [...part]));
    return { samples, ...format, timestamp: timestamp ?? frame.timestamp };
  }

  change(window: Int16Array): Int16Array {
    this.level = 0.5 * this.level + rms(window);
    const gain = this.level > 1_000 ? 2 : 1.5;
    return window.map((x) => Math.max(-32_768, Math.min(32_767, gain * x)));
  }

  reset(): void {
    this.framer.reset();
    this.level = 0;
  }

  close(): void {
    this.closed = true;
  }
}

/** Tells of each window that is much louder than the one before, once in 50 ms: there is one answer a frame. */
class PlainDetector implements InboundStage {
  readonly framer = new Framer(160, format.sampleRate);
  level = 0;
  last = Number.NEGATIVE_INFINITY;
  closed = false;

  process(frame: AudioFrame): unknown {
    if (this.closed) return undefined;
    let event: unknown;
    this.framer.push(frame, (window, timestamp) => {
      const level = rms(window);
      const rose = level > 2 * this.level + 500 && timestamp >= this.last + 50;
      if (rose) {
        event = { timestamp, level };
        this.last = timestamp;
      }
      this.level = level;
    });
    return event;
  }

  reset(): void {
    this.framer.reset();
    this.level = 0;
    this.last = Number.NEGATIVE_INFINITY;
  }

  close(): void {
    this.closed = true;
  }
}

/** Takes half of what is played, as late as it came, from what is heard. */
class PlainCanceller extends PlainChanger {
  far: AudioFrame | undefined;

  reference(frame: AudioFrame): void {
    this.far = frame;
  }

  override process(frame: AudioFrame): AudioFrame {
    assertMono(frame);
    const samples = frame.samples.map((x, i) =>
      Math.max(-32_768, Math.min(32_767, x - (this.far?.samples[i] ?? 0) / 2)),
    );
    return { ...frame, samples };
  }

  override reset(): void {
    this.far = undefined;
  }
}

type Made = Partial<StageConformanceOptions<InboundStage>>;

const made = (open: StageFactory<InboundStage>["open"], more: Made = {}): StageConformanceOptions<InboundStage> => ({
  factory: {
    name: "plain",
    open(wanted, context) {
      assertMono(wanted);
      return open(wanted, context);
    },
  },
  format,
  gives: "audio",
  heldBackMs: 10,
  ...short,
  ...more,
});

const events: Made = { gives: "events" };

describe("stageConformance", () => {
  for (const [what, options] of [
    ["one that changes audio", made(() => new PlainChanger(), { minutes: 10 })],
    ["one that listens", made(() => new PlainDetector(), { ...events, minutes: 10 })],
    ["an echo canceller", made(() => new PlainCanceller())],
  ] as const) {
    describe(`of ${what}`, () => {
      for (const { name, run } of stageConformance(options)) it(name, run);
    });
  }

  const changer = (over: (stage: PlainChanger) => Partial<PlainChanger>) => (): InboundStage => {
    const stage = new PlainChanger();
    return Object.assign(stage, over(stage));
  };
  const detector = (over: (stage: PlainDetector) => Partial<PlainDetector>) => (): InboundStage => {
    const stage = new PlainDetector();
    return Object.assign(stage, over(stage));
  };
  const after = (change: (out: AudioFrame, frame: AudioFrame) => AudioFrame) =>
    changer((stage) => {
      const process = stage.process.bind(stage);
      return { process: (frame) => change(process(frame), frame) };
    });
  const told = (change: (event: { timestamp: number } | undefined, frame: AudioFrame) => unknown) =>
    detector((stage) => {
      const process = stage.process.bind(stage);
      return { process: (frame) => change(process(frame) as { timestamp: number }, frame) };
    });

  const shared = { changer: new PlainChanger(), level: 0 };
  const kept: unknown[] = [];
  const defects: Record<string, [requirement: string, options: StageConformanceOptions<InboundStage>]> = {
    "no name": [
      "says what it is",
      made(() => new PlainChanger(), { factory: { name: "", open: () => new PlainChanger() } }),
    ],
    "works at another rate": [
      "says what it is",
      made(() => new PlainChanger(), { factory: { name: "x", sampleRate: 48_000, open: () => new PlainChanger() } }),
    ],
    "refuses a format with a foreign error": [
      "opens a format",
      made(() => new PlainChanger(), {
        factory: {
          name: "x",
          open({ sampleRate }) {
            if (sampleRate !== 16_000) throw new TypeError("no");
            return new PlainChanger();
          },
        },
      }),
    ],
    "opens a format and then fails": [
      "opens a format",
      made(() => new PlainChanger(), { factory: { name: "x", open: () => new PlainChanger() } }),
    ],
    "takes frames of any format": [
      "refuses frames of another format",
      made(changer(() => ({ process: (frame) => frame }))),
    ],
    "writes to its input": [
      "leaves frames as they were",
      made(
        after((out, frame) => {
          frame.samples[0] = 77;
          return out;
        }),
      ),
    ],
    "writes to what is played": [
      "leaves frames as they were",
      made(() => Object.assign(new PlainCanceller(), { reference: ({ samples }: AudioFrame) => void samples.fill(0) })),
    ],
    "gives nothing": ["gives as much audio", made(changer(() => ({ process: () => undefined as never })))],
    "gives another format": ["gives as much audio", made(after((out) => ({ ...out, sampleRate: 48_000 })))],
    "loses audio": ["gives as much audio", made(after((out) => ({ ...out, samples: out.samples.subarray(1) })))],
    "makes audio up": [
      "gives as much audio",
      made(after((out) => ({ ...out, samples: new Int16Array(out.samples.length + 1) }))),
    ],
    "counts time from its own beginning": [
      "gives as much audio",
      made(after((out) => ({ ...out, timestamp: out.timestamp % 3_600_000 }))),
    ],
    "lets time stand still": ["gives as much audio", made(after((out) => ({ ...out, timestamp: 0 })))],
    deaf: [
      "tells of what it hears",
      made(
        told(() => undefined),
        events,
      ),
    ],
    "tells of no number": [
      "tells of what it hears",
      made(
        told((event) => event && { ...event, level: Number.NaN }),
        events,
      ),
    ],
    "knows the future": [
      "tells of what it hears",
      made(
        told((event) => event && { ...event, timestamp: event.timestamp + 500 }),
        events,
      ),
    ],
    "tells of its own time": [
      "tells of what it hears",
      made(
        told((event) => event && { ...event, timestamp: event.timestamp % 3_600_000 }),
        events,
      ),
    ],
    "remembers after reset": ["does the same again after reset", made(changer(() => ({ reset() {} })))],
    "a detector that remembers after reset": [
      "does the same again after reset",
      made(
        detector((stage) => {
          const process = stage.process.bind(stage);
          let count = 0;
          return {
            reset() {},
            process: (frame) => (process(frame) && ++count <= 3 ? { timestamp: frame.timestamp, count } : undefined),
          };
        }),
        events,
      ),
    ],
    "shares its state between streams": [
      "keeps streams apart",
      made(
        changer((stage) => ({
          change(window) {
            stage.level = shared.level;
            const out = PlainChanger.prototype.change.call(stage, window);
            shared.level = stage.level;
            return out;
          },
          reset: () => {
            shared.level = 0;
          },
        })),
      ),
    ],
    "is the same for every stream": ["keeps streams apart", made(() => shared.changer)],
    "changes frames instead of audio": [
      "does the same however",
      made(
        changer(() => ({
          process(frame) {
            assertMono(frame);
            const gain = rms(frame.samples) > 1_000 ? 2 : 1.5;
            return { ...frame, samples: frame.samples.map((x) => Math.max(-32_768, Math.min(32_767, gain * x))) };
          },
        })),
      ),
    ],
    "judges frames instead of audio": [
      "does the same however",
      made(
        detector((stage) => ({
          process(frame) {
            const before = stage.level;
            stage.level = rms(frame.samples);
            return stage.level > 2 * before + 500 ? { timestamp: frame.timestamp } : undefined;
          },
        })),
        events,
      ),
    ],
    "goes over the top": ["bears silence", made(changer(() => ({ change: (window) => window.map((x) => 1.5 * x) })))],
    "never recovers from silence": [
      "bears silence",
      made(
        changer((stage) => ({
          change(window) {
            stage.level = 0.5 * stage.level + 0.5 * (1 / rms(window)) * rms(window);
            return window.map((x) => stage.level * x);
          },
        })),
      ),
    ],
    "hears nothing after a loud noise": [
      "bears silence",
      made(
        detector((stage) => {
          const process = stage.process.bind(stage);
          let loud = false;
          return {
            process(frame) {
              loud ||= rms(frame.samples) > 30_000;
              return loud ? undefined : process(frame);
            },
          };
        }),
        events,
      ),
    ],
    "cannot be closed twice": [
      "closes as often",
      made(
        changer((stage) => ({
          close() {
            if (stage.closed) throw new ConformanceFailure("closed already");
            stage.closed = true;
          },
        })),
      ),
    ],
    "fails after close": [
      "closes as often",
      made(
        changer((stage) => {
          const process = stage.process.bind(stage);
          return {
            process(frame) {
              if (stage.closed) throw new ConformanceFailure("closed");
              return process(frame);
            },
          };
        }),
      ),
    ],
    "tells of things after close": [
      "closes as often",
      made(
        detector(() => ({ close() {} })),
        events,
      ),
    ],
    "keeps what it is given": [
      "keeps nothing of 0.5 minutes",
      made(
        changer(() => {
          const all: AudioFrame[] = [];
          return {
            process(frame) {
              all.push({ ...frame, samples: frame.samples.slice() });
              return all.at(-1) as AudioFrame;
            },
          };
        }),
      ),
    ],
    "is never let go of": [
      "keeps nothing of 100 streams",
      made(() => {
        kept.push(new Float64Array(4_096));
        return new PlainChanger();
      }),
    ],
  };

  it.each(Object.entries(defects))("fails a stage that is broken: %s", async (_, [requirement, options]) => {
    const broken = stageConformance(options).find(({ name }) => name.startsWith(requirement));
    await expect(broken?.run()).rejects.toBeInstanceOf(ConformanceFailure);
  });
});
