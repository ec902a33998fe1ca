import { RoomKitError } from "../errors/error.ts";
import type { AcquireOptions, Lease } from "./lease.ts";
import { InProcessLeases } from "./leases.ts";
import { MemoryStore } from "./memory-store.ts";
import type { CommitOptions, CommitResult, NewEvent } from "./store.ts";

/** Leases of several kits, as of several processes. */
export class SharedLeases extends InProcessLeases {
  override readonly scope = "shared" as never;
  override acquire(key: string, options: AcquireOptions): Promise<Lease> {
    return super.acquire(key, options);
  }
}

/**
 * How a store that processes share can fail: `up`; `refuses` whatever comes; `dies` between a commit and its answer; `stalls`, and does what was asked of it
 * when it is `resume`d.
 */
export type Fault = "up" | "refuses" | "dies" | "stalls";

const away = (): RoomKitError => new RoomKitError("store_unavailable", "down", { retryable: true });

export class FaultyStore extends MemoryStore {
  override readonly scope = "shared" as never;
  fault: Fault = "up";
  /** Commits that were asked for. */
  commits = 0;
  calls = 0;
  #stalled: (() => void)[] = [];

  /** In the order it was asked, or in another. */
  async resume(shuffle: (waiting: (() => void)[]) => (() => void)[] = (waiting) => waiting): Promise<void> {
    this.fault = "up";
    for (const go of shuffle(this.#stalled.splice(0))) {
      go();
      await Promise.resolve();
    }
  }

  override async commit(roomId: string, events: readonly NewEvent[], options: CommitOptions): Promise<CommitResult> {
    this.commits++;
    const dies = this.fault === "dies";
    if (!dies) await this.#asked();
    const result = await super.commit(roomId, events, options);
    if (dies) {
      this.fault = "refuses";
      throw away();
    }
    return result;
  }

  override async ping(): Promise<void> {
    await this.#asked();
  }
  override async getRoom(...args: Parameters<MemoryStore["getRoom"]>): ReturnType<MemoryStore["getRoom"]> {
    await this.#asked();
    return await super.getRoom(...args);
  }
  override async createRoom(...args: Parameters<MemoryStore["createRoom"]>): Promise<void> {
    await this.#asked();
    await super.createRoom(...args);
  }
  override async patchRoom(...args: Parameters<MemoryStore["patchRoom"]>): ReturnType<MemoryStore["patchRoom"]> {
    await this.#asked();
    return await super.patchRoom(...args);
  }
  override async readEvents(...args: Parameters<MemoryStore["readEvents"]>): ReturnType<MemoryStore["readEvents"]> {
    await this.#asked();
    return await super.readEvents(...args);
  }
  override async findByIdempotencyKey(
    ...args: Parameters<MemoryStore["findByIdempotencyKey"]>
  ): ReturnType<MemoryStore["findByIdempotencyKey"]> {
    await this.#asked();
    return await super.findByIdempotencyKey(...args);
  }
  override async listBindings(
    ...args: Parameters<MemoryStore["listBindings"]>
  ): ReturnType<MemoryStore["listBindings"]> {
    await this.#asked();
    return await super.listBindings(...args);
  }
  override async listParticipants(
    ...args: Parameters<MemoryStore["listParticipants"]>
  ): ReturnType<MemoryStore["listParticipants"]> {
    await this.#asked();
    return await super.listParticipants(...args);
  }
  override async putParticipant(...args: Parameters<MemoryStore["putParticipant"]>): Promise<void> {
    await this.#asked();
    await super.putParticipant(...args);
  }

  async #asked(): Promise<void> {
    this.calls++;
    if (this.fault === "stalls") await new Promise<void>((resolve) => this.#stalled.push(resolve));
    else if (this.fault !== "up") throw away();
  }
}
