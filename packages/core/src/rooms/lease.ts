export interface AcquireOptions {
  /** Who takes it: the process, for those who wonder who holds a key. */
  readonly owner: string;
  /** How long it is held unless renewed, ms. Infinity for one that never lapses, with leases of one process only. */
  readonly ttlMs: number;
  /** How long to wait while another holds it, ms; 0: not at all. Default 30,000. */
  readonly waitMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Take it at once from whoever holds it, and is fenced from then on: for who knows that the holder is gone. Default false. */
  readonly takeOver?: boolean | undefined;
}

/** A key held for a while. */
export interface Lease {
  readonly key: string;
  readonly owner: string;
  /** Greater than that of every holder of this key before, also after the engine lost its data. A whole number. */
  readonly fence: number;
  /**
   * Aborts (`lease_lost`) when the lease ends without having been released: its time ran out by this process's monotonic clock, or
   * the engine says that it is another's.
   */
  readonly lost: AbortSignal;
  /**
   * Holds it for another `ttlMs`. False: it is lost. Rejects where the engine cannot be asked; the lease then stands until its time is up.
   */
  renew(): Promise<boolean>;
  /** Gives it back; again, or once lost, nothing happens. */
  release(): Promise<void>;
}

/**
 * Gives one holder at a time a key, for a time. A holder that was stopped for longer than its lease does not know; what protects from
 * it is its `fence`, which a store compares (`commit`).
 */
export interface LeaseManager {
  /** `shared`: the holders are in several processes. */
  readonly scope: "process" | "shared";
  /**
   * Waits until the key is free. @throws RoomKitError `timeout` (another holds it), `aborted`, `closed`; nothing is held then.
   */
  acquire(key: string, options: AcquireOptions): Promise<Lease>;
  /** Gives back what is held; what waits, and every later call, fails with `closed`. Idempotent. */
  close(): Promise<void>;
}
