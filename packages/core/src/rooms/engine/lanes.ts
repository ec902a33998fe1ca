/**
 * The delivery lanes of one room: one first-in-first-out lane per channel, so that each channel gets the room's events in index
 * order, one at a time, and a slow channel delays nobody but itself.
 */
export class RoomLanes {
  readonly #tails: Map<string, Promise<void>> = new Map();
  #pending = 0;

  /** Deliveries queued or running, all channels together. */
  get pending(): number {
    return this.#pending;
  }

  /** Lanes with something in them. */
  get size(): number {
    return this.#tails.size;
  }

  /** Queues `job` behind what the channel has already. The promise resolves when it is over, however it ends. */
  enqueue(channelId: string, job: () => Promise<void>): Promise<void> {
    this.#pending++;
    const run = async (): Promise<void> => {
      try {
        await job();
      } catch {
        // Jobs report their own failures; a lane goes on whatever happens.
      } finally {
        this.#pending--;
      }
    };
    const tail = this.tail(channelId).then(run);
    this.#tails.set(channelId, tail);
    void tail.then(() => {
      if (this.#tails.get(channelId) === tail) this.#tails.delete(channelId);
    });
    return tail;
  }

  /** Resolves when everything queued for the channel until now is over. */
  tail(channelId: string): Promise<void> {
    return this.#tails.get(channelId) ?? Promise.resolve();
  }
}

/** Calls notices in the order they were opened, each once its work is over. */
export class OrderedNotices {
  readonly #open: { done: boolean; readonly tell: () => void }[] = [];

  /** Notices not told yet. */
  get size(): number {
    return this.#open.length;
  }

  /** Opens a notice; call the function given back when its work is over. */
  open(tell: () => void): () => void {
    const notice = { done: false, tell };
    this.#open.push(notice);
    return () => {
      notice.done = true;
      while (this.#open[0]?.done) this.#open.shift()?.tell();
    };
  }
}
