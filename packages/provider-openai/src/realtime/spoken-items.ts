import { type AudioCodec, type AudioFormat, type AudioFrame, keepNewest } from "@roomkit/core";
import { bytesOfSamples, PcmFramer } from "@roomkit/provider-utils";

interface Spoken {
  readonly framer: PcmFramer;
  receivedMs: number;
  /** No more than this was heard, ms. */
  heardMs: number;
  /** What the vendor has been told of that, ms. */
  toldMs: number;
}

/** Truncation concerns the newest speech only. */
const MAX_ITEMS = 16;

/** The audio of the model's items: cut into frames, and counted. */
export class SpokenItems {
  readonly #format: AudioFormat;
  readonly #codec: AudioCodec | undefined;
  readonly #items = new Map<string, Spoken>();

  constructor(format: AudioFormat, codec: AudioCodec | undefined) {
    this.#format = format;
    this.#codec = codec;
  }

  /** How long a piece of audio (base64) is, and the frames that it completes. */
  push(itemId: string, base64: string): { readonly ms: number; readonly frames: AudioFrame[] } {
    const item = this.#item(itemId);
    const bytes = Buffer.from(base64, "base64");
    const pcm = this.#codec ? bytesOfSamples(this.#codec.decode(bytes)) : bytes;
    const ms = (pcm.length / 2 / this.#format.sampleRate) * 1000;
    item.receivedMs += ms;
    return { ms, frames: item.framer.push(pcm) };
  }

  /** The last, shorter frame. */
  flush(itemId: string): AudioFrame | undefined {
    return this.#items.get(itemId)?.framer.flush();
  }

  /** Of an item no more than so many ms were heard. Of two such reports the smaller holds. */
  cut(itemId: string, heardMs: number): void {
    const item = this.#items.get(itemId);
    if (item) item.heardMs = Math.min(item.heardMs, heardMs);
  }

  /**
   * Where the vendor must cut an item off, in whole ms within what was received: undefined while nothing was received beyond
   * what was heard (more may come), and when the vendor knows.
   */
  dueCut(itemId: string): number | undefined {
    const item = this.#items.get(itemId);
    if (!item) return undefined;
    const endMs = Math.round(item.heardMs);
    if (endMs >= Math.min(Math.floor(item.receivedMs), item.toldMs)) return undefined;
    item.toldMs = endMs;
    return endMs;
  }

  clear(): void {
    this.#items.clear();
  }

  #item(itemId: string): Spoken {
    let item = this.#items.get(itemId);
    if (!item) {
      item = {
        framer: new PcmFramer(this.#format),
        receivedMs: 0,
        heardMs: Number.POSITIVE_INFINITY,
        toldMs: Number.POSITIVE_INFINITY,
      };
      this.#items.set(itemId, item);
      keepNewest(this.#items, MAX_ITEMS);
    }
    return item;
  }
}
