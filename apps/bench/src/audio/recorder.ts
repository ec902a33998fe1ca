import { type AudioFrame, type Clock, makeClock } from "@roomkit/core";
import { type RecordingLayout, wavRecorder } from "@roomkit/recorder-wav";
import { microsecondsPerCall } from "../measure/cpu.ts";
import { type Bench, type Comparison, compare, numberOption } from "../measure/report.ts";
import { frameAt, speechLike } from "../measure/signal.ts";

const format = { sampleRate: 16_000, channels: 1 } as const;
const layouts: readonly RecordingLayout[] = ["stereo", "mixed", "separate"];

/**
 * Processor time of a recorder per 20 ms of a call, both sides: `recorder [--frames 10000] [--rounds 5]`, into a storage that takes
 * everything at once, beside the bare copying of both frames into one buffer.
 */
export const recorder: Bench = async (args) => {
  const frames = numberOption(args, "frames", 10_000, [10, 1_000_000]);
  const rounds = numberOption(args, "rounds", 5, [1, 100]);
  const speech = speechLike(format.sampleRate, 4_000);
  const comparisons: Comparison[] = [];
  for (const layout of layouts) {
    let now = 0;
    const stage = wavRecorder({ storage: { open: () => ({ write() {}, close() {} }) }, layout }).open(format, {
      sessionId: "bench",
      clock: clockOf(() => now),
    });
    stage.recording.start();
    const ours = await microsecondsPerCall(
      (i) => {
        const frame = frameAt(speech, format.sampleRate, i);
        stage.outbound(frame, now);
        now += 20;
        stage.inbound({ ...frame, timestamp: now - 20 });
      },
      frames,
      rounds,
    );
    const both = new Int16Array(2 * 320);
    const plain = await microsecondsPerCall((i) => copied(both, frameAt(speech, format.sampleRate, i)), frames, rounds);
    await stage.recording.stop("measured");
    comparisons.push(compare(layout, { "µs per 20 ms": ours }, { "µs per 20 ms": plain }));
  }
  return { bench: "recorder", reference: "copying both frames into one buffer", comparisons };
};

function copied(both: Int16Array, { samples }: AudioFrame): void {
  both.set(samples, 0);
  both.set(samples, samples.length);
}

/** Time that is moved by hand, faster than it passes. */
function clockOf(now: () => number): Clock {
  return makeClock({ now, wallTime: () => Date.UTC(2026, 0, 1) + now(), setTimeout: () => () => {} });
}
