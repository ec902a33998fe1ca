import { type Fence, fenceLine } from "./lines.ts";

/** The text so far does not tell. */
export const WAIT = 0;
/** The rest of a line that opens a fence is looked at so far at most, in characters. */
const MAX_INFO = 2_048;

/** A stretch nobody reads: code in a fence, up to the line that closes it, or anything up to a mark. */
export class Unread {
  #fence: Fence | undefined;
  /** Inside a line of the fence: its end does not come before the next one. */
  #inLine = false;
  #until = "";

  get active(): boolean {
    return this.#fence !== undefined || this.#until !== "";
  }

  /** Nothing is read before `mark` (letters of either case; nothing special in a regular expression), nor that. */
  until(mark: string): void {
    this.#until = mark;
  }

  /** A fence begins with the line at `at`: how much of it is not read, or {@link WAIT}. Code that ends in the same line is over with it. */
  openFence(text: string, at: number, { mark, count }: Fence, final: boolean): number {
    const newline = text.indexOf("\n", at);
    const line = text.slice(at, newline < 0 ? undefined : newline);
    if (newline < 0 && !final && line.length < MAX_INFO) return WAIT;
    const run = mark.repeat(count);
    const closing = mark === "`" ? line.indexOf(run, line.indexOf(run) + count) : -1;
    if (closing >= 0) return closing + count;
    this.#fence = { mark, count };
    this.#inLine = newline < 0;
    return newline < 0 ? line.length : line.length + 1;
  }

  /** How much from `at` is not read, or {@link WAIT}. */
  lengthAt(text: string, at: number, final: boolean): number {
    return this.#fence ? this.#fenced(this.#fence, text, at, final) : this.#skipped(text, at, final);
  }

  #fenced(fence: Fence, text: string, at: number, final: boolean): number {
    if (this.#inLine) {
      const newline = text.indexOf("\n", at);
      this.#inLine = newline < 0;
      return (newline < 0 ? text.length : newline + 1) - at;
    }
    const { length, over, newline } = fenceLine(text, at, fence, final);
    if (length === 0) return WAIT;
    this.#inLine = !newline && !over;
    if (over) this.#fence = undefined;
    return length;
  }

  #skipped(text: string, at: number, final: boolean): number {
    const end = text.slice(at).search(new RegExp(this.#until, "i"));
    const length = this.#until.length;
    if (end >= 0) {
      this.#until = "";
      return end + length;
    }
    return Math.max(WAIT, text.length - at - (final ? 0 : length - 1));
  }
}
