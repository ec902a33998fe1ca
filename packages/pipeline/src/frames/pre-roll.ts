import { type AudioFormat, type AudioFrame, frameDurationMs } from "@roomkit/core";

/** Samples there is room for at first, and frames. */
const FIRST_SAMPLES = 4_096;

/** Where a frame lies in the memory of all. */
interface Kept {
  readonly timestamp: number;
  /** Counted from the first sample ever kept. */
  readonly from: number;
  readonly length: number;
}

/**
 * The newest audio of a stream, in case it turns out to be speech. It is copied into one piece of memory, used over and over: frames kept
 * for two seconds would each be garbage that has grown old, the dearest kind.
 */
export class PreRoll {
  readonly #keepMs: number;
  /** Of all frames kept. */
  #format: AudioFormat | undefined;
  #memory = new Int16Array(0);
  #kept: Kept[] = [];
  /** Frames before this one in the list are kept no longer. */
  #first = 0;
  /** Samples kept so far, ever. */
  #end = 0;

  /** @param keepMs how much is kept at most, in ms; older frames are dropped. */
  constructor(keepMs: number) {
    this.#keepMs = keepMs;
  }

  push(frame: AudioFrame): void {
    const { samples, sampleRate, channels, timestamp } = frame;
    const back = timestamp < (this.#kept.at(-1)?.timestamp ?? timestamp);
    if (back || this.#format?.sampleRate !== sampleRate || this.#format.channels !== channels) {
      this.clear();
      this.#format = { sampleRate, channels };
    }
    this.#drop(timestamp + frameDurationMs(frame) - this.#keepMs);
    const from = this.#end;
    this.#room(samples.length);
    this.#write(samples, from);
    this.#end += samples.length;
    this.#kept.push({ timestamp, from, length: samples.length });
  }

  /** What is kept from `timestamp` on, to the sample. The frames are copies. */
  since(timestamp: number): AudioFrame[] {
    const frames: AudioFrame[] = [];
    const { sampleRate, channels } = this.#format ?? { sampleRate: 0, channels: 1 };
    for (const { timestamp: begin, from, length } of this.#kept.slice(this.#first)) {
      const late = Math.max(0, Math.round(((timestamp - begin) * sampleRate) / 1000));
      const skip = late * channels;
      if (skip >= length) continue;
      const samples = this.#read(from + skip, length - skip);
      frames.push({ samples, sampleRate, channels, timestamp: begin + (late / sampleRate) * 1000 });
    }
    return frames;
  }

  clear(): void {
    this.#kept = [];
    this.#first = 0;
  }

  /** Forgets what ends before a time. */
  #drop(oldest: number): void {
    const { sampleRate, channels } = this.#format as AudioFormat;
    const endOf = ({ timestamp, length }: Kept): number => timestamp + (length / channels / sampleRate) * 1000;
    while (this.#first < this.#kept.length && endOf(this.#kept[this.#first] as Kept) <= oldest) this.#first++;
    // Now and then, not with every frame.
    if (this.#first <= this.#kept.length / 2) return;
    this.#kept.splice(0, this.#first);
    this.#first = 0;
  }

  /** Sees to it that so many more samples fit beside those kept. */
  #room(more: number): void {
    const from = this.#kept[this.#first]?.from ?? this.#end;
    const needed = this.#end - from + more;
    if (needed <= this.#memory.length) return;
    const held = this.#read(from, this.#end - from);
    // Twice as much each time, until there is room for all that is kept, the oldest frame of it whole, and one more.
    const { sampleRate, channels } = this.#format as AudioFormat;
    const most = Math.ceil((this.#keepMs / 1000) * sampleRate) * channels + 2 * more;
    this.#memory = new Int16Array(Math.max(needed, Math.min(most, Math.max(FIRST_SAMPLES, 2 * this.#memory.length))));
    this.#write(held, from);
  }

  #write(samples: Int16Array, from: number): void {
    const memory = this.#memory;
    const at = from % memory.length;
    const whole = memory.length - at;
    if (samples.length <= whole) {
      memory.set(samples, at);
      return;
    }
    memory.set(samples.subarray(0, whole), at);
    memory.set(samples.subarray(whole), 0);
  }

  #read(from: number, length: number): Int16Array {
    const samples = new Int16Array(length);
    if (length === 0) return samples;
    const at = from % this.#memory.length;
    const head = this.#memory.subarray(at, at + length);
    samples.set(head);
    samples.set(this.#memory.subarray(0, length - head.length), head.length);
    return samples;
  }
}
