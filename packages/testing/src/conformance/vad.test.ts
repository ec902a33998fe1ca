import {
  type AudioFormat,
  type AudioFrame,
  Framer,
  rms,
  SpeechSegmenter,
  type Vad,
  type VadEvent,
} from "@roomkit/core";
import { describe, expect, it } from "vitest";
import { ConformanceFailure } from "./case.ts";
import { type VadConformanceOptions, vadConformance } from "./vad.ts";

const format: AudioFormat = { sampleRate: 16_000, channels: 1 };

/** As simple as a detector can be that does everything it must; each defect below breaks one thing of it. */
class PlainVad implements Vad {
  readonly framer = new Framer(160, format.sampleRate);
  readonly segmenter = new SpeechSegmenter({ silenceThresholdMs: 400, maxSpeechMs: 60_000 });
  probability = 0;
  closed = false;

  process(frame: AudioFrame): VadEvent | undefined {
    if (this.closed) return undefined;
    this.framer.push(frame, (window, timestamp) => this.judge(rms(window), timestamp));
    return this.segmenter.take();
  }

  judge(level: number, timestamp: number): void {
    const sustained = level > 400;
    this.probability = sustained ? 0.9 : 0.1;
    this.segmenter.push({ timestamp, durationMs: 10, evidence: sustained ? 0.2 : -0.2, sustained });
  }

  reset(): void {
    this.framer.reset();
    this.segmenter.reset();
  }

  close(): void {
    this.closed = true;
  }
}

const options = (open: () => Vad, more: Partial<VadConformanceOptions> = {}): VadConformanceOptions => ({
  factory: { name: "plain", speechPadMs: 300, open },
  format,
  ...more,
});

describe("vadConformance", () => {
  for (const { name, run } of vadConformance(options(() => new PlainVad()))) it(`passes: ${name}`, run);

  const shared = new PlainVad();
  const defects: Record<string, [requirement: string, open: () => Vad, more?: Partial<VadConformanceOptions>]> = {
    "no name": [
      "says what it is",
      () => new PlainVad(),
      { factory: { name: "", speechPadMs: 300, open: () => new PlainVad() } },
    ],
    "refuses a format with a foreign error": [
      "opens a format",
      () => new PlainVad(),
      {
        factory: {
          name: "plain",
          speechPadMs: 300,
          open({ sampleRate }: AudioFormat) {
            if (sampleRate !== 16_000) throw new TypeError("no");
            return new PlainVad();
          },
        },
      },
    ],
    "hears voices in silence": [
      "hears nothing in silence",
      () =>
        new (class extends PlainVad {
          override judge(_: number, timestamp: number): void {
            super.judge(timestamp % 2_000 < 1_000 ? 5_000 : 0, timestamp);
          }
        })(),
    ],
    deaf: [
      "starts and ends where speech does",
      () =>
        new (class extends PlainVad {
          override judge(): void {}
        })(),
    ],
    "never ends speech": [
      "ends every start once",
      () =>
        new (class extends PlainVad {
          override process(frame: AudioFrame): VadEvent | undefined {
            const event = super.process(frame);
            return event?.type === "speech-end" ? undefined : event;
          }
        })(),
    ],
    "ends what it never started": [
      "ends every start once",
      () =>
        new (class extends PlainVad {
          override process(frame: AudioFrame): VadEvent | undefined {
            const event = super.process(frame);
            return event?.type === "speech-start" ? undefined : event;
          }
        })(),
    ],
    "gives a wrong duration": [
      "ends every start once",
      () =>
        new (class extends PlainVad {
          override process(frame: AudioFrame): VadEvent | undefined {
            const event = super.process(frame);
            return event?.type === "speech-end" ? { ...event, durationMs: event.durationMs + 400 } : event;
          }
        })(),
    ],
    "counts time from its own beginning": [
      "speaks of the past only",
      () =>
        new (class extends PlainVad {
          #begin: number | undefined;
          override judge(level: number, timestamp: number): void {
            this.#begin ??= timestamp;
            super.judge(level, timestamp - this.#begin);
          }
        })(),
    ],
    "knows the future": [
      "speaks of the past only",
      () =>
        new (class extends PlainVad {
          override process(frame: AudioFrame): VadEvent | undefined {
            const event = super.process(frame);
            return event && { ...event, timestamp: event.timestamp + 5_000 };
          }
        })(),
    ],
    "tells later than it says": [
      "speaks of the past only",
      () => new PlainVad(),
      { factory: { name: "plain", speechPadMs: 300, lagMs: 40, open: () => new PlainVad() } },
    ],
    "judges frames instead of audio": [
      "decides the same however",
      () =>
        new (class extends PlainVad {
          override process(frame: AudioFrame): VadEvent | undefined {
            const durationMs = (frame.samples.length / format.sampleRate) * 1000;
            const sustained = rms(frame.samples) > 400;
            this.probability = sustained ? 0.9 : 0.1;
            this.segmenter.push({ timestamp: frame.timestamp, durationMs, evidence: sustained ? 0.5 : -1, sustained });
            return this.segmenter.take();
          }
        })(),
    ],
    "remembers after reset": [
      "decides the same again after reset",
      () =>
        new (class extends PlainVad {
          override reset(): void {}
        })(),
    ],
    "shares its state between streams": [
      "keeps streams apart",
      () => ({ process: (frame) => shared.process(frame), probability: 0.5, reset() {}, close() {} }),
    ],
    "gives a probability in percent": [
      "gives a probability",
      () =>
        new (class extends PlainVad {
          override judge(level: number, timestamp: number): void {
            super.judge(level, timestamp);
            this.probability *= 100;
          }
        })(),
    ],
    "always as likely": [
      "gives a probability",
      () =>
        new (class extends PlainVad {
          override judge(level: number, timestamp: number): void {
            super.judge(level, timestamp);
            this.probability = 0.7;
          }
        })(),
    ],
    "writes to its input": [
      "leaves frames as they were",
      () =>
        new (class extends PlainVad {
          override process(frame: AudioFrame): VadEvent | undefined {
            const event = super.process(frame);
            frame.samples.fill(0);
            return event;
          }
        })(),
    ],
    "lives on after close": [
      "closes as often",
      () =>
        new (class extends PlainVad {
          override close(): void {}
        })(),
    ],
    "cannot be closed twice": [
      "closes as often",
      () =>
        new (class extends PlainVad {
          override close(): void {
            if (this.closed) throw new ConformanceFailure("closed already");
            this.closed = true;
          }
        })(),
    ],
  };

  it.each(Object.entries(defects))("fails a detector that is broken: %s", async (_, [requirement, open, more]) => {
    const broken = vadConformance(options(open, more)).find(({ name }) => name.startsWith(requirement));
    await expect(broken?.run()).rejects.toBeInstanceOf(ConformanceFailure);
  });
});
