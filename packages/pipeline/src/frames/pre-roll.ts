import { type AudioFormat, type AudioFrame, frameDurationMs } from "@roomkit/core";

/** Samples of a piece of memory: there are as many as are needed, and none is ever thrown away. */
const BLOCK = 2_048;
/** Frames there is room for at first. */
const FIRST_FRAMES = 16;

/**
 * The newest audio of a stream, in case it turns out to be speech. It is copied into memory that is used over and over, and so is what is known of
 * each frame: what is kept for two seconds would each time be garbage that has grown old, the dearest kind.
 */
export class PreRoll {
  readonly #keepMs: number;
  /** Of all frames kept. */
  #format: AudioFormat | undefined;
  readonly #blocks: Int16Array[] = [];
  /** Samples ever kept before the first block. */
  #base = 0;
  /** Where each frame begins: two numbers, its timestamp and the samples ever kept before it. */
  #begins = new Float64Array(2 * FIRST_FRAMES);
  /** Frames ever kept, and of them those that are no longer. */
  #frames = 0;
  #first = 0;
  /** Samples ever kept. */
  #end = 0;

  /** @param keepMs how much is kept at most, in ms; older frames are dropped. */
  constructor(keepMs: number) {
    this.#keepMs = keepMs;
  }

  push(frame: AudioFrame): void {
    const { samples, sampleRate, channels, timestamp } = frame;
    const back = this.#first < this.#frames && timestamp < this.#timestamp(this.#frames - 1);
    if (back || this.#format?.sampleRate !== sampleRate || this.#format.channels !== channels) {
      this.clear();
      this.#format = { sampleRate, channels };
    }
    this.#drop(timestamp + frameDurationMs(frame) - this.#keepMs);
    this.#room(samples.length);
    this.#write(samples, this.#end);
    this.#note(timestamp);
    this.#end += samples.length;
  }

  /** What is kept from `timestamp` on, to the sample. The frames are copies. */
  since(timestamp: number): AudioFrame[] {
    const frames: AudioFrame[] = [];
    const { sampleRate, channels } = this.#format ?? { sampleRate: 0, channels: 1 };
    for (let i = this.#first; i < this.#frames; i++) {
      const begin = this.#timestamp(i);
      const from = this.#from(i);
      const length = this.#from(i + 1) - from;
      const late = Math.max(0, Math.round(((timestamp - begin) * sampleRate) / 1000));
      const skip = late * channels;
      if (skip >= length) continue;
      const samples = this.#read(from + skip, length - skip);
      frames.push({ samples, sampleRate, channels, timestamp: begin + (late / sampleRate) * 1000 });
    }
    return frames;
  }

  clear(): void {
    this.#first = this.#frames;
  }

  #timestamp(frame: number): number {
    return this.#begins[(2 * frame) % this.#begins.length] as number;
  }

  /** Samples ever kept before a frame, the next one too. */
  #from(frame: number): number {
    return frame === this.#frames ? this.#end : (this.#begins[(2 * frame + 1) % this.#begins.length] as number);
  }

  /** The next frame begins. */
  #note(timestamp: number): void {
    if (2 * (this.#frames - this.#first) === this.#begins.length) {
      const wider = new Float64Array(2 * this.#begins.length);
      for (let i = this.#first; i < this.#frames; i++)
        wider.set([this.#timestamp(i), this.#from(i)], (2 * i) % wider.length);
      this.#begins = wider;
    }
    const at = (2 * this.#frames) % this.#begins.length;
    this.#begins[at] = timestamp;
    this.#begins[at + 1] = this.#end;
    this.#frames++;
  }

  /** Forgets what ends before a time. */
  #drop(oldest: number): void {
    const { sampleRate, channels } = this.#format as AudioFormat;
    for (; this.#first < this.#frames; this.#first++) {
      const samples = this.#from(this.#first + 1) - this.#from(this.#first);
      if (this.#timestamp(this.#first) + (samples / channels / sampleRate) * 1000 > oldest) return;
    }
  }

  /** Sees to it that so many more samples fit behind those kept: blocks of which nothing is kept go to the end. */
  #room(more: number): void {
    const kept = this.#from(this.#first);
    const blocks = this.#blocks;
    while (this.#base + blocks.length * BLOCK < this.#end + more) {
      const free = this.#base + BLOCK <= kept ? blocks.shift() : undefined;
      if (free) this.#base += BLOCK;
      blocks.push(free ?? new Int16Array(BLOCK));
    }
  }

  #write(samples: Int16Array, from: number): void {
    for (let done = 0; done < samples.length; ) {
      const { block, at } = this.#place(from + done);
      const part = Math.min(BLOCK - at, samples.length - done);
      // In one piece, as nearly always: no view of it.
      block.set(part === samples.length ? samples : samples.subarray(done, done + part), at);
      done += part;
    }
  }

  #read(from: number, length: number): Int16Array {
    const samples = new Int16Array(length);
    for (let done = 0; done < length; ) {
      const { block, at } = this.#place(from + done);
      const part = block.subarray(at, at + length - done);
      samples.set(part, done);
      done += part.length;
    }
    return samples;
  }

  /** Where a sample lies, counted from the first ever kept. */
  #place(sample: number): { readonly block: Int16Array; readonly at: number } {
    const behind = sample - this.#base;
    return { block: this.#blocks[Math.floor(behind / BLOCK)] as Int16Array, at: behind % BLOCK };
  }
}
