import { type AudioFormat, type AudioFrame, RoomKitError } from "@roomkit/core";
import type { UtteranceRecord } from "./utterances.ts";

/** So many frames are cut from one piece of memory: an array of its own for each costs ten times the copying. */
const FRAMES_TOGETHER = 8;

/** Cuts audio of any length into frames of one length, carrying the rest over to the next piece of the same utterance. */
export class Framer {
  readonly #size: number;
  #carry: Int16Array | undefined;
  /** What is left of the last piece of memory: nobody has had it before. It is of this stream alone. */
  #left = new Int16Array(0);
  #carried = 0;
  #record: UtteranceRecord | undefined;

  /** @param size interleaved samples of a frame. */
  constructor(size: number) {
    this.#size = size;
  }

  /** Interleaved samples carried over. */
  get carried(): number {
    return this.#carried;
  }

  /** Whose samples are carried over. */
  get record(): UtteranceRecord | undefined {
    return this.#record;
  }

  /** Calls `emit` with each whole frame; nothing of another utterance may be carried. */
  push(record: UtteranceRecord, samples: Int16Array, emit: (frame: Int16Array) => void): void {
    let from = 0;
    if (this.#carried > 0) {
      from = Math.min(this.#size - this.#carried, samples.length);
      this.#fill(samples.subarray(0, from));
      if (this.#carried < this.#size) return;
      emit(this.#take());
    }
    // Whole frames are views: frames are values that nobody writes to.
    for (; from + this.#size <= samples.length; from += this.#size) emit(samples.subarray(from, from + this.#size));
    if (from === samples.length) return;
    this.#fill(samples.subarray(from));
    this.#record = record;
  }

  /** What is carried over, as a short frame; undefined when there is nothing. */
  flush(): Int16Array | undefined {
    return this.#carried === 0 ? undefined : this.#take();
  }

  drop(): void {
    this.#carried = 0;
    this.#record = undefined;
  }

  #fill(samples: Int16Array): void {
    this.#carry ??= this.#cut();
    this.#carry.set(samples, this.#carried);
    this.#carried += samples.length;
  }

  #cut(): Int16Array {
    if (this.#left.length === 0) this.#left = new Int16Array(this.#size * FRAMES_TOGETHER);
    const frame = this.#left.subarray(0, this.#size);
    this.#left = this.#left.subarray(this.#size);
    return frame;
  }

  #take(): Int16Array {
    const carry = this.#carry as Int16Array;
    const frame = this.#carried === this.#size ? carry : carry.subarray(0, this.#carried);
    this.#carry = undefined;
    this.drop();
    return frame;
  }
}

/** @throws RoomKitError `invalid_audio` when the frame has another format. */
export function assertFormat(frame: AudioFrame, format: AudioFormat): void {
  const { sampleRate, channels } = frame;
  if (sampleRate === format.sampleRate && channels === format.channels) return;
  throw new RoomKitError("invalid_audio", "the frame has not the connection's outbound format", {
    details: { sampleRate, channels, wanted: format },
  });
}

/** A frame of `size`, short ones with silence at their end; none stays none. */
export function fill(samples: Int16Array, size: number): Int16Array {
  if (samples.length === size || samples.length === 0) return samples;
  const whole = new Int16Array(size);
  whole.set(samples);
  return whole;
}
