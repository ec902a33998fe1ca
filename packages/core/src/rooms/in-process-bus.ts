import { assertOptions } from "../errors/assert-options.ts";
import { RoomKitError } from "../errors/error.ts";
import { consoleLogger, type Logger } from "../log/logger.ts";
import { type Clock, systemClock } from "../time/clock.ts";
import type { Bus, Presence, SubscribeOptions, Subscription } from "./bus.ts";
import { encodeData } from "./json.ts";
import { Subscriber } from "./subscriber.ts";

/** The longest message, as JSON, in UTF-16 code units. */
const MAX_MESSAGE = 65_536;

/** A message as it goes over a bus. @throws RoomKitError `invalid_data`, `message_too_large`. */
export function encodeMessage(data: unknown): string {
  const text = encodeData(data);
  if (text.length > MAX_MESSAGE) {
    throw new RoomKitError("message_too_large", `a message of ${text.length} characters: at most ${MAX_MESSAGE}`);
  }
  return text;
}

/** @throws RoomKitError `invalid_option`. */
export function assertSubscribe(topic: string, handler: unknown, { maxQueue }: SubscribeOptions): void {
  if (typeof topic !== "string" || topic === "")
    throw new RoomKitError("invalid_option", "topic must be a string with something in it");
  if (typeof handler !== "function") throw new RoomKitError("invalid_option", "the handler must be a function");
  if (maxQueue !== undefined && (!Number.isInteger(maxQueue) || maxQueue < 1)) {
    throw new RoomKitError("invalid_option", "maxQueue must be a whole number >= 1");
  }
}

export interface InProcessBusOptions {
  /** Default the system clock. */
  readonly clock?: Clock | undefined;
  /** Is told of handlers that fail. Default: warnings and errors to the console. */
  readonly logger?: Logger | undefined;
}

/** A bus within one process. */
export class InProcessBus implements Bus {
  readonly scope = "process" as const;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #topics: Map<string, Set<Subscriber>> = new Map();
  readonly #present: Map<string, { readonly text: string; readonly until: number }> = new Map();
  #closed = false;

  constructor(options: InProcessBusOptions = {}) {
    assertOptions("InProcessBus", options, { object: ["clock", "logger"] });
    this.#clock = options.clock ?? systemClock;
    this.#logger = options.logger ?? consoleLogger;
  }

  async publish(topic: string, data: unknown): Promise<void> {
    this.#assertOpen();
    const text = encodeMessage(data);
    for (const subscriber of this.#topics.get(topic) ?? []) subscriber.push(JSON.parse(text));
  }

  async subscribe(
    topic: string,
    handler: (data: unknown) => unknown,
    options: SubscribeOptions = {},
  ): Promise<Subscription> {
    this.#assertOpen();
    assertSubscribe(topic, handler, options);
    const subscriber = new Subscriber(handler, options, (error) => {
      this.#logger.warn({ topic, code: RoomKitError.from(error).code }, "a handler of a bus failed");
    });
    const topics = this.#topics;
    const subscribers = topics.get(topic) ?? new Set();
    topics.set(topic, subscribers.add(subscriber));
    return {
      async close() {
        subscriber.close();
        subscribers.delete(subscriber);
        if (subscribers.size === 0 && topics.get(topic) === subscribers) topics.delete(topic);
      },
    };
  }

  async beat(key: string, data: unknown, ttlMs: number): Promise<void> {
    this.#assertOpen();
    this.#expire();
    this.#present.set(key, { text: encodeMessage(data), until: this.#clock.now() + ttlMs });
  }

  async drop(key: string): Promise<void> {
    this.#assertOpen();
    this.#present.delete(key);
  }

  async present(prefix: string): Promise<readonly Presence[]> {
    this.#assertOpen();
    this.#expire();
    return [...this.#present]
      .filter(([key]) => key.startsWith(prefix))
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, { text }]) => ({ key, data: JSON.parse(text) }));
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const subscribers of this.#topics.values()) for (const subscriber of subscribers) subscriber.close();
    this.#topics.clear();
    this.#present.clear();
  }

  #expire(): void {
    const now = this.#clock.now();
    for (const [key, { until }] of this.#present) if (until <= now) this.#present.delete(key);
  }

  #assertOpen(): void {
    if (this.#closed) throw new RoomKitError("closed", "the bus is closed");
  }
}
