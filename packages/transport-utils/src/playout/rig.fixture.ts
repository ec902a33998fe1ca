import type { AudioFrame, PlaybackProgress } from "@roomkit/core";
import { VirtualClock } from "@roomkit/testing";
import { PacingWheel } from "../pacing/wheel.ts";
import type { PlayoutFrame, PlayoutQueueOptions } from "./options.ts";
import { PlayoutQueue } from "./queue.ts";

export const format = { sampleRate: 16_000, channels: 1 } as const;

/** A frame of `ms` whose samples count up from `from`. */
export function audio(ms: number, from = 0): AudioFrame {
  const samples = Int16Array.from({ length: (format.sampleRate * ms) / 1000 }, (_, i) => from + i);
  return { samples, ...format, timestamp: 0 };
}

export interface QueueRig {
  readonly clock: VirtualClock;
  readonly wheel: PacingWheel;
  readonly queue: PlayoutQueue;
  readonly sent: { readonly at: number; readonly frame: PlayoutFrame }[];
  readonly progress: PlaybackProgress[];
  readonly dropped: [string, number][];
  /** Whether the client takes frames. */
  willing: boolean;
}

export function queueRig(options: Partial<PlayoutQueueOptions> = {}): QueueRig {
  const clock = new VirtualClock();
  const wheel = new PacingWheel({ clock });
  const sent: QueueRig["sent"] = [];
  const progress: PlaybackProgress[] = [];
  const dropped: QueueRig["dropped"] = [];
  const queue = new PlayoutQueue({
    format,
    clock,
    wheel,
    playback: "estimated",
    send: (frame) => {
      if (rig.willing) sent.push({ at: clock.now(), frame });
      return rig.willing;
    },
    onProgress: (each) => progress.push(each),
    onDrop: (utterance, ms) => dropped.push([utterance, ms]),
    ...options,
  });
  const rig: QueueRig = { clock, wheel, queue, sent, progress, dropped, willing: true };
  return rig;
}

/** All samples sent, in order. */
export function samplesOf(rig: QueueRig, utterance?: string): number[] {
  return rig.sent.flatMap(({ frame }) =>
    utterance === undefined || frame.utterance === utterance ? [...frame.samples] : [],
  );
}
