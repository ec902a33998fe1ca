import { receiveMessageOnPort } from "node:worker_threads";
import {
  type AudioFormat,
  type AudioFrame,
  type Clock,
  type EchoCanceller,
  joinFrames,
  RoomKitError,
} from "@roomkit/core";
import { fromWire } from "@roomkit/worker-pool";
import type { LaneAnswer, LaneRequest } from "./messages.ts";
import type { LanePort } from "./threads.ts";

export interface LaneOptions {
  readonly format: AudioFormat;
  readonly open: LanePort;
  readonly clock: Clock;
  /** A frame whose answer has not come for so long passes as it is, ms. */
  readonly maxLagMs: number;
  readonly report: (error: RoomKitError) => void;
}

/** Frames on their way at most, 10 s as they come: a thread that answers none of them has stalled. As many references. */
const MOST = 500;
/** The same of a thread that has answered nothing yet, 60 s: it may still be loading, on a machine that is busy. */
const MOST_AT_FIRST = 3_000;

interface Waiting {
  readonly id: number;
  readonly frame: AudioFrame;
  readonly sentAt: number;
  /** What came of it. */
  answer?: AudioFrame | undefined;
}

/**
 * One stage on another thread: frames go there in order, and what comes of them leaves here in the same order, with the frames after.
 *
 * | what happens                            | what leaves                                                              |
 * | --------------------------------------- | ------------------------------------------------------------------------ |
 * | the answer is there                     | it does                                                                  |
 * | not yet                                 | nothing, and later all that is due, in order                             |
 * | not for `maxLagMs`                      | the frame as it was; its answer is dropped when it comes (`stage_late`)  |
 * | the stage fails on the frame            | the frame as it was, and that is told                                    |
 * | the process is held up                  | answers that lie unread meanwhile are read before anything is given up   |
 * | the stage cannot be opened, the thread  | every frame that waits, as it was; from the next on the failure is       |
 * | is lost, or answers none of 500 frames  | thrown, so that the pipeline passes the stage by, and takes it out       |
 * | `reset`                                 | nothing of what waits, and no answer to it                               |
 */
export class Lane implements EchoCanceller {
  readonly #options: LaneOptions;
  readonly #waiting: Waiting[] = [];
  /** Where what has left ends. */
  #reached: number | undefined;
  #ids = 0;
  /** The newest frame that was answered, in whatever way. */
  #answeredId = 0;
  /** References that were sent since an answer came. */
  #references = 0;
  #failure: RoomKitError | undefined;
  #late = false;
  #closed = false;

  constructor(options: LaneOptions) {
    this.#options = options;
  }

  process(frame: AudioFrame): AudioFrame {
    this.#receive();
    // Taken out for what has just been received, and what waited is told.
    if (this.#closed) return frame;
    if (this.#failure && this.#waiting.length === 0) throw this.#failure;
    const now = this.#options.clock.now();
    const waiting: Waiting = { id: ++this.#ids, frame, sentAt: now };
    this.#waiting.push(waiting);
    if (!this.#failure) this.#send({ type: "process", id: waiting.id, frame: copied(frame) });
    return joinFrames(this.#inOrder(this.#due(now)), { ...frame, samples: new Int16Array(0) });
  }

  /** What waits, with what is known of it. */
  flush(): AudioFrame {
    const rest = this.#inOrder(this.#waiting.splice(0).map(({ answer, frame }) => answer ?? frame));
    return joinFrames(rest, { samples: new Int16Array(0), ...this.#options.format, timestamp: 0 });
  }

  reference(frame: AudioFrame): void {
    if (this.#failure || this.#references >= MOST) return;
    this.#references++;
    this.#send({ type: "reference", frame: copied(frame) });
  }

  reset(): void {
    this.#reached = undefined;
    this.#waiting.length = 0;
    this.#send({ type: "reset" });
  }

  close(): void {
    this.#closed = true;
    this.#waiting.length = 0;
    this.#options.open.close();
  }

  /** Everything that may leave now. */
  #due(now: number): AudioFrame[] {
    const due: AudioFrame[] = [];
    for (let first = this.#waiting[0]; first; first = this.#waiting[0]) {
      const late = now - first.sentAt > this.#options.maxLagMs;
      if (!first.answer && !late && !this.#failure) break;
      if (!first.answer && late) this.#tellLate();
      due.push(first.answer ?? first.frame);
      this.#waiting.shift();
    }
    return due;
  }

  /** Without what a frame that passed as it was has said already: the stage's own delay lies between the two. */
  #inOrder(frames: readonly AudioFrame[]): AudioFrame[] {
    return frames.map((frame) => {
      const { samples, sampleRate, timestamp } = frame;
      const said = this.#reached === undefined ? 0 : Math.round(((this.#reached - timestamp) * sampleRate) / 1000);
      if (samples.length > 0) this.#reached = timestamp + (samples.length / sampleRate) * 1000;
      return said > 0 && said < samples.length ? { ...frame, samples: samples.subarray(said) } : frame;
    });
  }

  /** Reads what has come, without waiting for the event loop. */
  #receive(): void {
    const { open, report } = this.#options;
    for (let got = receiveMessageOnPort(open.port); got; got = receiveMessageOnPort(open.port)) {
      const answer = got.message as LaneAnswer;
      this.#references = 0;
      if ("frame" in answer) this.#answered(answer.id, answer.frame);
      else if (answer.id === -1) this.#failure = fromWire(answer.error);
      else {
        report(fromWire(answer.error));
        if (answer.id !== undefined) this.#answered(answer.id, undefined);
      }
    }
    if (this.#ids - this.#answeredId >= (this.#answeredId === 0 ? MOST_AT_FIRST : MOST))
      this.#failure ??= new RoomKitError("worker_stalled", "the stage's thread answers no more", { retryable: true });
    this.#failure ??= open.lost();
  }

  #answered(id: number, frame: AudioFrame | undefined): void {
    this.#answeredId = id;
    const waiting = this.#waiting.find((each) => each.id === id);
    if (waiting) waiting.answer = frame ?? waiting.frame;
  }

  #send(request: LaneRequest): void {
    if (!this.#closed) this.#options.open.port.postMessage(request);
  }

  #tellLate(): void {
    if (this.#late) return;
    this.#late = true;
    this.#options.report(new RoomKitError("stage_late", "the stage's thread does not keep up", { retryable: true }));
  }
}

/** The samples of a frame may be part of something larger, or be used again. */
function copied(frame: AudioFrame): AudioFrame {
  return { ...frame, samples: frame.samples.slice() };
}
