import type { AudioCodec, AudioFormat, AudioFrame } from "@roomkit/core";
import { bytesOfSamples, PcmFramer } from "@roomkit/provider-utils";

interface Spoken {
  readonly framer: PcmFramer;
  receivedMs: number;
  truncated: boolean;
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

  /** The frames that a piece of audio (base64) completes. */
  push(itemId: string, base64: string): AudioFrame[] {
    const item = this.#item(itemId);
    const bytes = Buffer.from(base64, "base64");
    const pcm = this.#codec ? bytesOfSamples(this.#codec.decode(bytes)) : bytes;
    item.receivedMs += (pcm.length / 2 / this.#format.sampleRate) * 1000;
    return item.framer.push(pcm);
  }

  /** The last, shorter frame. */
  flush(itemId: string): AudioFrame | undefined {
    return this.#items.get(itemId)?.framer.flush();
  }

  /**
   * Where to cut an item off that was heard for `playedMs`, in whole ms within what was received; undefined when there is nothing
   * to cut, or it has been cut already. The first caller has it: two of them would cut twice.
   */
  reserveCut(itemId: string, playedMs: number): { readonly endMs: number; readonly part: number } | undefined {
    const item = this.#items.get(itemId);
    if (!item || item.truncated || !(playedMs >= 0)) return undefined;
    const received = Math.floor(item.receivedMs);
    if (playedMs >= received) return undefined;
    item.truncated = true;
    const endMs = Math.min(received, Math.round(playedMs));
    return { endMs, part: endMs / item.receivedMs };
  }

  clear(): void {
    this.#items.clear();
  }

  #item(itemId: string): Spoken {
    let item = this.#items.get(itemId);
    if (!item) {
      item = { framer: new PcmFramer(this.#format), receivedMs: 0, truncated: false };
      this.#items.set(itemId, item);
      if (this.#items.size > MAX_ITEMS) this.#items.delete(this.#items.keys().next().value as string);
    }
    return item;
  }
}
