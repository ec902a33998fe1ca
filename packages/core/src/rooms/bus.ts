export interface SubscribeOptions {
  /** Messages that wait while the handler has one; of more, the oldest are dropped. Default 1,000. */
  readonly maxQueue?: number | undefined;
  /** So many messages were dropped since the last one handled, or may have been while the bus was away (then `undefined`). */
  readonly onGap?: ((dropped: number | undefined) => void) | undefined;
}

export interface Subscription {
  /** No handler begins afterwards. Idempotent. */
  close(): Promise<void>;
}

/** Somebody who is there. */
export interface Presence {
  readonly key: string;
  readonly data: unknown;
}

/**
 * What processes tell each other besides what is stored: messages of the moment, at most once, in the order of one sender; and who is there.
 * Data is JSON.
 */
export interface Bus {
  readonly scope: "process" | "shared";
  /** @throws RoomKitError `invalid_data`, `message_too_large`, `bus_unavailable`, `closed`. */
  publish(topic: string, data: unknown): Promise<void>;
  /**
   * Resolves when whatever is published from now on arrives. The handler has one message at a time; one that fails is the next one's
   * nothing. @throws RoomKitError `bus_unavailable`, `closed`.
   */
  subscribe(topic: string, handler: (data: unknown) => unknown, options?: SubscribeOptions): Promise<Subscription>;
  /** Is there, with this, for `ttlMs`: called again before it is over. @throws as `publish`. */
  beat(key: string, data: unknown, ttlMs: number): Promise<void>;
  /** Is not there any more. */
  drop(key: string): Promise<void>;
  /** Who is there whose key begins so, in the order of the keys. */
  present(prefix: string): Promise<readonly Presence[]>;
  /** Ends subscriptions. What comes later fails with `closed`. Idempotent. */
  close(): Promise<void>;
}
