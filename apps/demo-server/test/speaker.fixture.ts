import { concat } from "./speech.fixture.ts";

type Piece = { readonly utterance: number; readonly samples: Int16Array } | { readonly passed: () => void };

const TICK_MS = 10;
const MOST_AT_ONCE_MS = 200;

/** A loudspeaker: plays what it is given at the rate of time, one piece after the other, and knows what it has played. */
export class Speaker {
  readonly sampleRate: number;
  /** Samples played, by utterance. */
  readonly played = new Map<number, number>();
  /** All that came out of it so far. */
  readonly sound: Int16Array[] = [];
  readonly #timer: NodeJS.Timeout;
  #queue: Piece[] = [];
  #at = performance.now();
  /** Samples that time has made room for. */
  #due = 0;

  constructor(sampleRate: number) {
    this.sampleRate = sampleRate;
    this.#timer = setInterval(() => this.#play(), TICK_MS);
  }

  get quiet(): boolean {
    return this.#queue.length === 0;
  }

  /** Of everything, ms. */
  get playedMs(): number {
    return this.#ms([...this.played.values()].reduce((sum, samples) => sum + samples, 0));
  }

  get heard(): Int16Array {
    return concat(this.sound);
  }

  push(utterance: number, samples: Int16Array): void {
    this.#play();
    if (samples.length > 0) this.#queue.push({ utterance, samples });
  }

  /** Calls `passed` when everything pushed so far has been played. */
  mark(passed: () => void): void {
    this.#queue.push({ passed });
  }

  /** Drops what has not been played; gives the marks that were in it. */
  clear(): (() => void)[] {
    this.#play();
    const dropped = this.#queue.flatMap((piece) => ("passed" in piece ? [piece.passed] : []));
    this.#queue = [];
    return dropped;
  }

  close(): void {
    clearInterval(this.#timer);
    this.#queue = [];
  }

  #play(): void {
    const now = performance.now();
    this.#due += ((now - this.#at) * this.sampleRate) / 1000;
    this.#at = now;
    for (;;) {
      const piece = this.#queue[0];
      if (!piece) {
        // Time that nothing was there for is gone.
        this.#due = 0;
        return;
      }
      if ("passed" in piece) {
        this.#queue.shift();
        piece.passed();
        continue;
      }
      const count = Math.min(Math.floor(this.#due), piece.samples.length);
      if (count === 0) return;
      this.#due -= count;
      this.sound.push(piece.samples.subarray(0, count));
      this.played.set(piece.utterance, (this.played.get(piece.utterance) ?? 0) + count);
      if (count === piece.samples.length) this.#queue.shift();
      else this.#queue[0] = { ...piece, samples: piece.samples.subarray(count) };
    }
  }

  #ms(samples: number): number {
    return (samples * 1000) / this.sampleRate;
  }
}

/** A microphone that is always open: a frame of what is said, or of silence, for every frame's time. */
export class Microphone {
  readonly #sampleRate: number;
  readonly #frameSize: number;
  readonly #onFrame: (samples: Int16Array, offset: number) => void;
  #timer: NodeJS.Timeout | undefined;
  #said: Int16Array = new Int16Array(0);
  #at = 0;
  #due = 0;
  #sent = 0;

  /** @param frameSize samples. Default 20 ms. */
  constructor(
    sampleRate: number,
    onFrame: (samples: Int16Array, offset: number) => void,
    frameSize: number = sampleRate / 50,
  ) {
    this.#sampleRate = sampleRate;
    this.#frameSize = frameSize;
    this.#onFrame = onFrame;
  }

  /** Gives audio from now on: what was said before comes first. */
  start(): this {
    this.#at = performance.now();
    this.#timer = setInterval(() => this.#send(), TICK_MS);
    return this;
  }

  say(samples: Int16Array): void {
    this.#said = concat([this.#said, samples]);
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #send(): void {
    const now = performance.now();
    // Where this machine stands still the microphone does too: a burst afterwards is what no microphone gives.
    this.#due += (Math.min(now - this.#at, MOST_AT_ONCE_MS) * this.#sampleRate) / 1000;
    this.#at = now;
    for (; this.#due >= this.#frameSize; this.#due -= this.#frameSize) {
      const frame = new Int16Array(this.#frameSize);
      frame.set(this.#said.subarray(0, frame.length));
      this.#said = this.#said.subarray(Math.min(frame.length, this.#said.length));
      this.#onFrame(frame, this.#sent);
      this.#sent += frame.length;
    }
  }
}
