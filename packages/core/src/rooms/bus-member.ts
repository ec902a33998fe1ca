import { RoomKitError } from "../errors/error.ts";
import { errorFields } from "../errors/error-fields.ts";
import type { Logger } from "../log/logger.ts";
import type { Cancel, Clock } from "../time/clock.ts";
import type { Bus, Subscription } from "./bus.ts";

/** Between two attempts to be told of the others, ms. */
const RETRY_MS = 5_000;

export interface BusMemberOptions {
  readonly bus: Bus;
  /** What all of them listen to; `topic:self` is what one of them does. */
  readonly topic: string;
  /** Names this one. */
  readonly self: string;
  readonly clock: Clock;
  readonly logger: Logger;
  /** What the log says of a bus that fails, once until it works again. */
  readonly warning: string;
  /** Anything that comes, whoever it is from: to be checked. */
  readonly onMessage: (data: unknown) => void;
}

/** One of several processes on a bus: tells all of them or one, and hears what is told to all or to it. A bus that is away is asked again. */
export class BusMember {
  readonly #options: BusMemberOptions;
  readonly #subscriptions: Subscription[] = [];
  readonly #retries = new Set<Cancel>();
  #closed = false;
  /** The bus failed, and that was told of. */
  #failed = false;

  constructor(options: BusMemberOptions) {
    this.#options = options;
    const { topic, self } = options;
    for (const each of [topic, `${topic}:${self}`]) void this.#subscribe(each);
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Never throws. @param to only this one. @param onFailed the bus did not take it. */
  tell(message: object, to?: string, onFailed: (error: unknown) => void = () => {}): void {
    if (this.#closed) return;
    const { bus, topic } = this.#options;
    bus.publish(to === undefined ? topic : `${topic}:${to}`, message).then(
      () => {
        this.#failed = false;
      },
      (error: unknown) => {
        this.#fails(error);
        onFailed(error);
      },
    );
  }

  /** Nothing comes any more. The bus stays open. Idempotent. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    for (const cancel of this.#retries) cancel();
    await Promise.all(this.#subscriptions.map((subscription) => subscription.close().catch(() => {})));
  }

  async #subscribe(topic: string): Promise<void> {
    const { bus, clock, onMessage } = this.#options;
    try {
      const subscription = await bus.subscribe(topic, (data) => {
        if (!this.#closed) onMessage(data);
      });
      if (this.#closed) await subscription.close();
      else this.#subscriptions.push(subscription);
    } catch (error) {
      this.#fails(error);
      if (this.#closed || RoomKitError.is(error, "closed")) return;
      const cancel = clock.setTimeout(() => {
        this.#retries.delete(cancel);
        void this.#subscribe(topic);
      }, RETRY_MS);
      this.#retries.add(cancel);
    }
  }

  #fails(error: unknown): void {
    if (this.#failed || this.#closed) return;
    this.#failed = true;
    this.#options.logger.warn(errorFields(error), this.#options.warning);
  }
}
