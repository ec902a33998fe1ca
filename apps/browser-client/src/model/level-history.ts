import { loudness } from "@roomkit/react";

/** The last levels of both voices, for drawing: a ring of fixed length. */
export class LevelHistory {
  readonly length: number;
  readonly #user: Float32Array;
  readonly #assistant: Float32Array;
  readonly #cuts: Uint8Array;
  #next = 0;

  constructor(length: number) {
    this.length = length;
    this.#user = new Float32Array(length);
    this.#assistant = new Float32Array(length);
    this.#cuts = new Uint8Array(length);
  }

  /** Adds the newest levels, dBFS. */
  push(user: number, assistant: number): void {
    this.#user[this.#next] = loudness(user);
    this.#assistant[this.#next] = loudness(assistant);
    this.#cuts[this.#next] = 0;
    this.#next = (this.#next + 1) % this.length;
  }

  /** Marks the newest levels: here somebody was interrupted. */
  cut(): void {
    this.#cuts[(this.#next + this.length - 1) % this.length] = 1;
  }

  clear(): void {
    this.#user.fill(0);
    this.#assistant.fill(0);
    this.#cuts.fill(0);
  }

  /** The levels `age` steps ago, 0 the newest. */
  at(age: number): { readonly user: number; readonly assistant: number; readonly cut: boolean } {
    const index = (((this.#next - 1 - age) % this.length) + this.length) % this.length;
    return {
      user: this.#user[index] as number,
      assistant: this.#assistant[index] as number,
      cut: this.#cuts[index] === 1,
    };
  }
}
