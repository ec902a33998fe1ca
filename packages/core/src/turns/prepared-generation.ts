import type { AIPart, AIRequest } from "../contracts/ai.ts";
import { abortedError, RoomKitError } from "../errors/error.ts";
import type { Clock } from "../time/clock.ts";

/** What a generation gives when all goes well. */
export type ModelPart = Exclude<AIPart, { readonly type: "error" }>;

/** Characters that are read ahead of a reply at most. */
export const MAX_PREPARED_CHARS = 4_000;
/** A preparation that was not used by then is given up, in ms. */
export const MAX_PREPARED_MS = 15_000;

export interface PreparedGenerationOptions {
  readonly clock: Clock;
  /** Ends it, as long as it is not used. */
  readonly signal: AbortSignal;
  /** Asks the model. */
  readonly generate: (request: AIRequest, signal: AbortSignal) => AsyncGenerator<ModelPart>;
  /** Is given the text that is read ahead; `over`: there is no more. */
  readonly onText?: ((text: string, over: boolean) => void) | undefined;
  /** Called once, when it is known what became of it: it is the reply, for which the model was asked so many ms earlier, or `undefined`: it is none. */
  readonly onEnd: (earlierMs: number | undefined) => void;
}

/**
 * The beginning of a reply that may be wanted soon: a generation that is read ahead, as far as text goes, and stops at the first tool it wants. It
 * becomes the reply when that begins with the very same request ({@link take}), and is thrown away by anything else:
 *
 *     what happens                     while it is prepared             once it is the reply
 *     the same request                 it is the reply                  (a second one is made anew)
 *     another request                  thrown away                      (made anew)
 *     the preparation's signal, 15 s   thrown away                      nothing
 *     the model fails, or ends early   dropped: asked anew when wanted  fails as any generation
 *     a tool is wanted                 reading stops there              handed on, and run, with the rest
 *     4,000 characters                 reading stops there              read on as it is wanted
 *     the reply is cut off             nothing                          its model is stopped
 */
export class PreparedGeneration {
  readonly #options: PreparedGenerationOptions;
  readonly #model = new AbortController();
  readonly #ahead: ModelPart[] = [];
  readonly #stopTimer: () => void;
  #state: "prepared" | "used" | "over" = "prepared";
  #request: AIRequest | undefined;
  #askedAt = 0;
  #parts: AsyncGenerator<ModelPart> | undefined;
  #reading: Promise<void> = Promise.resolve();
  #ended = false;
  #failure: unknown;

  constructor(options: PreparedGenerationOptions) {
    const { clock, signal } = options;
    this.#options = options;
    signal.addEventListener("abort", this.discard, { once: true });
    this.#stopTimer = clock.setTimeout(this.discard, MAX_PREPARED_MS);
    if (signal.aborted) this.discard();
  }

  /** Whether it is of no use any more. */
  get over(): boolean {
    return this.#state === "over";
  }

  /** Asks the model, and reads ahead. */
  begin(request: AIRequest): void {
    if (this.#state !== "prepared" || this.#request) return;
    this.#request = request;
    this.#askedAt = this.#options.clock.now();
    this.#parts = this.#options.generate(request, this.#model.signal);
    this.#reading = this.#readAhead(this.#parts);
  }

  /** The generation for a request, if this is it; otherwise it is thrown away. From then on `signal` stops it, and nothing else. */
  take(request: AIRequest, signal: AbortSignal): AsyncGenerator<ModelPart> | undefined {
    if (this.#state !== "prepared") return undefined;
    if (!this.#request || this.#failure !== undefined || !same(this.#request, request)) {
      this.discard();
      return undefined;
    }
    this.#state = "used";
    this.#letGo();
    this.#options.onEnd(this.#options.clock.now() - this.#askedAt);
    return this.#readOn(signal);
  }

  /** Throws it away, unless it is the reply. */
  readonly discard = (): void => {
    if (this.#state !== "prepared") return;
    this.#state = "over";
    this.#letGo();
    this.#ahead.length = 0;
    this.#stop();
    if (this.#request) this.#options.onEnd(undefined);
  };

  #letGo(): void {
    this.#stopTimer();
    this.#options.signal.removeEventListener("abort", this.discard);
  }

  #stop(): void {
    this.#model.abort(new RoomKitError("aborted", "the prepared reply is not wanted"));
    this.#parts?.return(undefined).catch(() => {});
  }

  /** Never rejects. */
  async #readAhead(parts: AsyncGenerator<ModelPart>): Promise<void> {
    let left = MAX_PREPARED_CHARS;
    try {
      while (this.#state === "prepared" && left > 0) {
        const step = await parts.next();
        this.#ended = step.done === true;
        if (step.done || this.over) return;
        if (step.value.type === "tool-call") left = 0;
        left -= "text" in step.value ? step.value.text.length + 1 : 1;
        this.#ahead.push(step.value);
        if (this.#state !== "prepared") return;
        if (step.value.type === "text-delta") this.#options.onText?.(step.value.text, false);
        else if (step.value.type === "finish") this.#options.onText?.("", true);
      }
    } catch (error) {
      this.#failure = error ?? new RoomKitError("provider_error", "the model failed");
    }
  }

  async *#readOn(signal: AbortSignal): AsyncGenerator<ModelPart> {
    const onAbort = (): void => this.#model.abort(signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
    try {
      if (signal.aborted) throw abortedError(signal);
      // Its last step may be under way.
      const read = this.#reading;
      for (;;) {
        for (let part = this.#ahead.shift(); part; part = this.#ahead.shift()) yield part;
        await read;
        if (this.#ahead.length === 0) break;
      }
      if (this.#failure !== undefined) throw this.#failure;
      if (!this.#ended && this.#parts) yield* this.#parts;
    } catch (error) {
      if (signal.aborted) throw abortedError(signal);
      throw error;
    } finally {
      signal.removeEventListener("abort", onAbort);
      this.#stop();
    }
  }
}

/** Whether two requests of one channel ask for the same. */
function same(a: AIRequest, b: AIRequest): boolean {
  const data = (request: AIRequest): string => JSON.stringify({ ...request, providerOptions: undefined });
  return a.providerOptions === b.providerOptions && data(a) === data(b);
}
