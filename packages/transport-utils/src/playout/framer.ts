import { type AudioFormat, type AudioFrame, RoomKitError, samplesMaker } from "@roomkit/core";
import type { UtteranceRecord } from "./utterances.ts";

/** Cuts audio of any length into frames of one length, carrying the rest over to the next piece of the same utterance. */
export class Framer {
  readonly #size: number;
  readonly #make = samplesMaker();
  #carry: Int16Array | undefined;
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
  push(record: UtteranceRecord, samples: Int16Array, emit: (record: UtteranceRecord, frame: Int16Array) => void): void {
    let from = 0;
    if (this.#carried > 0) {
      from = Math.min(this.#size - this.#carried, samples.length);
      this.#fill(samples, 0, from);
      if (this.#carried < this.#size) return;
      emit(record, this.#take());
    }
    // Whole frames are views: frames are values that nobody writes to.
    for (; from + this.#size <= samples.length; from += this.#size)
      emit(record, samples.subarray(from, from + this.#size));
    if (from === samples.length) return;
    this.#fill(samples, from, samples.length);
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

  /** Sample by sample: a view of them for `set` would be garbage, fifty times a second and call. */
  #fill(samples: Int16Array, from: number, to: number): void {
    this.#carry ??= this.#make(this.#size);
    const carry = this.#carry;
    let at = this.#carried;
    for (let i = from; i < to; i++) carry[at++] = samples[i] as number;
    this.#carried = at;
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
