import { type Clock, RoomKitError } from "@roomkit/core";

/** What breaks a silence that nobody else does. */
export interface IdleOptions {
  /** How long nobody has spoken, in ms, 1 to 3,600,000. */
  readonly afterMs: number;
  /** What is said then: the first time the first, then the next; or what a function gives, which may ask a model. An empty text is not said. */
  readonly say?: string | readonly string[] | ((nth: number) => string | Promise<string>) | undefined;
  /** Instead of `say`: the model finds the words, by the conversation so far and this instruction, which stands in no log and is heard by nobody. */
  readonly prompt?: string | undefined;
  /** How often, until the caller says something. Default: as many texts as there are, else once. */
  readonly times?: number | undefined;
}

export interface IdlePromptsOptions {
  readonly clock: Clock;
  readonly idle: IdleOptions | undefined;
  /** Asks the model for words. */
  readonly compose: (instruction: string, signal: AbortSignal) => Promise<string>;
  /** Never rejects. */
  readonly say: (text: string) => Promise<void>;
  readonly onError: (error: unknown) => void;
}

/**
 * Speaks to a caller who has not said anything for a while. What happens, and what it does to words that are being made for that, by `say` or the model:
 *
 *     nobody speaks, they are there       said, unless the caller is faster (`Sayings`); counts
 *     there are none, or they fail        nothing until somebody has spoken; counts
 *     somebody begins to speak            given up, the model stops; does not count
 *     the caller has said something       likewise; counts from the first again
 *     the call ends                       given up, the model stops
 */
export class IdlePrompts {
  readonly #options: IdlePromptsOptions;
  #said = 0;
  #stopTimer: (() => void) | undefined;
  #making: AbortController | undefined;

  constructor(options: IdlePromptsOptions) {
    this.#options = options;
  }

  /** Whether nobody speaks now; the silence is counted from when that began. */
  quiet(quiet: boolean): void {
    const { clock, idle } = this.#options;
    if (!quiet) {
      this.#stopTimer?.();
      this.#stopTimer = undefined;
      this.#making?.abort(new RoomKitError("aborted", "somebody speaks"));
      this.#making = undefined;
    } else if (idle && this.#said < this.#times(idle)) {
      this.#stopTimer ??= clock.setTimeout(() => void this.#speak(idle), idle.afterMs);
    }
  }

  /** The caller has said something. */
  answered(): void {
    this.#said = 0;
  }

  #times({ say, times }: IdleOptions): number {
    return times ?? (typeof say === "object" ? say.length : 1);
  }

  async #speak(idle: IdleOptions): Promise<void> {
    const nth = this.#said;
    const making = new AbortController();
    this.#making = making;
    try {
      const text = await this.#words(idle, nth, making.signal);
      // Somebody spoke while it was made.
      if (making.signal.aborted) return;
      this.#said = nth + 1;
      if (!text) return;
      this.#stopTimer = undefined;
      await this.#options.say(text);
    } catch (error) {
      if (making.signal.aborted) return;
      this.#said = nth + 1;
      this.#options.onError(error);
    }
  }

  async #words({ say, prompt }: IdleOptions, nth: number, signal: AbortSignal): Promise<string | undefined> {
    if (prompt !== undefined) return this.#options.compose(prompt, signal);
    if (typeof say === "function") return say(nth);
    return typeof say === "string" ? say : say?.[nth % say.length];
  }
}
