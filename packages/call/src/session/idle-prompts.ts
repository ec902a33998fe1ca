import type { Clock } from "@roomkit/core";

/** What breaks a silence that nobody else does. */
export interface IdleOptions {
  /** How long nobody has spoken, in ms, 1 to 3,600,000. */
  readonly afterMs: number;
  /** What is said then: the first time the first, then the next; or what a function gives, which may ask a model. An empty text is not said. */
  readonly say: string | readonly string[] | ((nth: number) => string | Promise<string>);
  /** How often, until the caller says something. Default: as many texts as there are, else once. */
  readonly times?: number | undefined;
}

export interface IdlePromptsOptions {
  readonly clock: Clock;
  readonly idle: IdleOptions | undefined;
  /** Never rejects. */
  readonly say: (text: string) => Promise<void>;
  readonly onError: (error: unknown) => void;
}

/** Speaks to a caller who has not said anything for a while. */
export class IdlePrompts {
  readonly #options: IdlePromptsOptions;
  #said = 0;
  #stopTimer: (() => void) | undefined;

  constructor(options: IdlePromptsOptions) {
    this.#options = options;
  }

  /** Whether nobody speaks now; the silence is counted from when that began. */
  quiet(quiet: boolean): void {
    const { clock, idle } = this.#options;
    if (!quiet) {
      this.#stopTimer?.();
      this.#stopTimer = undefined;
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

  async #speak({ say }: IdleOptions): Promise<void> {
    const nth = this.#said++;
    const before = this.#stopTimer;
    try {
      const text = typeof say === "function" ? await say(nth) : typeof say === "string" ? say : say[nth % say.length];
      // Somebody spoke while it was made.
      if (this.#stopTimer !== before || !text) return;
      this.#stopTimer = undefined;
      await this.#options.say(text);
    } catch (error) {
      this.#options.onError(error);
    }
  }
}
