import { type AudioFrame, RoomKitError, type TranscriptPart } from "@roomkit/core";
import type { WorkerPool } from "@roomkit/worker-pool";
import type { OnlineJob, OnlineResult } from "../native/engine.ts";
import { chunksOf } from "./source.ts";

export type OnlinePool = Pick<WorkerPool<OnlineJob, OnlineResult>, "run">;

/** The streams of one provider: all live in one process, since each has a state there. */
export class OnlineStreams {
  readonly #pool: OnlinePool;
  readonly #limit: number;
  #next = 1;
  #open = 0;

  /** @param limit streams at once */
  constructor(pool: OnlinePool, limit: number) {
    this.#pool = pool;
    this.#limit = limit;
  }

  /** Streams under way. */
  get open(): number {
    return this.#open;
  }

  /** Recognises audio as it comes, `chunk` samples at a time. @throws RoomKitError `busy` (retryable) beyond the limit. */
  async *transcript(
    audio: AsyncIterable<AudioFrame>,
    { chunk, signal }: { readonly chunk: number; readonly signal: AbortSignal },
  ): AsyncGenerator<TranscriptPart, void, undefined> {
    if (this.#open >= this.#limit) {
      throw new RoomKitError("busy", `${this.#limit} streams are being recognised`, { retryable: true });
    }
    const stream = this.#next++;
    this.#open++;
    let known = false;
    let told = "";
    const feed = async (samples: Float32Array, last: boolean): Promise<TranscriptPart | undefined> => {
      const position = known ? (last ? "last" : "next") : last ? "only" : "first";
      known = true;
      const { text, settled } = await this.#pool.run({ stream, position, samples }, { signal });
      if (last) known = false;
      if (settled) {
        const retracted = text === "" && told !== "";
        told = "";
        if (retracted) return { type: "partial", text: "" };
        return text === "" ? undefined : { type: "final", text };
      }
      if (text === told) return undefined;
      told = text;
      return { type: "partial", text };
    };
    try {
      for await (const samples of chunksOf(audio, chunk, signal)) {
        const part = await feed(samples, false);
        if (part) yield part;
      }
      if (!known) return;
      const part = await feed(new Float32Array(0), true);
      if (part) yield part;
    } finally {
      this.#open--;
      // A process that is gone has forgotten it anyway.
      if (known) this.#pool.run({ stream, position: "dropped", samples: new Float32Array(0) }).catch(() => {});
    }
  }
}
