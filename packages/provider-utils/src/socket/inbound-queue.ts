import { BoundedQueue } from "@roomkit/core";

/** A message as it came: text as a string, binary as bytes. */
export type SocketMessage = string | Uint8Array;

const HIGH_WATER_MESSAGES = 256;
/** What may still come out of bytes that had been read when reading stopped: one 64 KiB chunk of tiny messages. */
const CAPACITY = 8_192;

export interface InboundQueueOptions {
  readonly highWaterBytes: number;
  /** Told to stop and to go on reading from the connection. */
  readonly onPause: (paused: boolean) => void;
}

/** Messages that wait for their reader. Bounded by ceasing to read from the connection, so that nothing is dropped. */
export class InboundQueue {
  readonly #options: InboundQueueOptions;
  readonly #queue = new BoundedQueue<SocketMessage>({ capacity: CAPACITY, overflow: "throw" });
  #bytes = 0;
  #paused = false;

  constructor(options: InboundQueueOptions) {
    this.#options = options;
  }

  /** @throws RoomKitError `queue_full` when the peer sends more in one go than anyone should. */
  push(message: SocketMessage): void {
    if (this.#queue.ended) return;
    this.#bytes += message.length;
    this.#queue.push(message);
    const full = this.#bytes >= this.#options.highWaterBytes || this.#queue.size >= HIGH_WATER_MESSAGES;
    if (full && !this.#paused) this.#pause(true);
  }

  /** What is queued is still read. */
  end(): void {
    this.#queue.end();
  }

  /** As `end`, and the reader then gets `error`. */
  fail(error: unknown): void {
    this.#queue.fail(error);
  }

  /** Drops what is queued. */
  clear(): void {
    this.#queue.clear();
    this.#bytes = 0;
  }

  async next(): Promise<IteratorResult<SocketMessage>> {
    const result = await this.#queue.next();
    if (result.done) return result;
    this.#bytes -= result.value.length;
    const roomAgain = this.#bytes <= this.#options.highWaterBytes / 2 && this.#queue.size <= HIGH_WATER_MESSAGES / 2;
    if (this.#paused && roomAgain) this.#pause(false);
    return result;
  }

  #pause(paused: boolean): void {
    this.#paused = paused;
    this.#options.onPause(paused);
  }
}
