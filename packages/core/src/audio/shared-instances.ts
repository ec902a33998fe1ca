import { RoomKitError } from "../errors/error.ts";

interface Instance<I> {
  readonly it: I;
  taken: number;
  sound: boolean;
}

/** A stream's place in an instance that it shares with others. */
export interface Place<I> {
  /**
   * Does something with the instance. What throws has broken it, for all who share it: it gets no more streams.
   *
   * @throws RoomKitError `engine_failed` when another stream has broken it; whatever `action` throws.
   */
  use<T>(action: (instance: I) => T): T;
  /** Gives the place back, after `action` has freed what the stream has there; idempotent. Not called on what is broken. */
  release(action: (instance: I) => void): void;
}

/**
 * Instances of something too expensive to have for each stream, such as a WebAssembly module with its memory, and only so large that each
 * has room for `size` streams. They are made as they are needed; all but one go again with their last stream.
 */
export class SharedInstances<I> {
  readonly #size: number;
  readonly #open: () => I;
  readonly #instances: Instance<I>[] = [];

  constructor(size: number, open: () => I) {
    this.#size = size;
    this.#open = open;
  }

  /** How many there are. */
  get count(): number {
    return this.#instances.length;
  }

  /** @throws whatever the opening of an instance throws. */
  take(): Place<I> {
    let instance = this.#instances.find(({ taken }) => taken < this.#size);
    if (instance === undefined) {
      instance = { it: this.#open(), taken: 0, sound: true };
      this.#instances.push(instance);
    }
    return this.#place(instance);
  }

  #place(instance: Instance<I>): Place<I> {
    let held = true;
    instance.taken++;
    return {
      use: (action) => {
        if (!instance.sound) throw new RoomKitError("engine_failed", "the instance failed in another stream");
        try {
          return action(instance.it);
        } catch (error) {
          instance.sound = false;
          this.#drop(instance);
          throw error;
        }
      },
      release: (action) => {
        if (!held) return;
        held = false;
        instance.taken--;
        if (instance.sound) action(instance.it);
        if (instance.taken === 0 && this.#instances.length > 1) this.#drop(instance);
      },
    };
  }

  #drop(instance: Instance<I>): void {
    const at = this.#instances.indexOf(instance);
    if (at >= 0) this.#instances.splice(at, 1);
  }
}
