import {
  assertSubscribe,
  type Bus,
  EngineLeases,
  encodeMessage,
  type LeaseManager,
  type Logger,
  type Presence,
  RoomKitError,
  type SubscribeOptions,
  Subscriber,
  type Subscription,
} from "@roomkit/core";
import { Connection } from "./connection.ts";
import { leaseEngine } from "./leases.ts";
import { type RedisBusOptions, resolveOptions } from "./options.ts";

/** A bucket of tokens that several processes share. */
export interface TokenBucket {
  /** Tokens it holds when it is full. */
  readonly burst: number;
  /** Tokens that come back in a second. */
  readonly perSecond: number;
  /** Tokens to take. Default 1. */
  readonly cost?: number | undefined;
}

/** Leases, presence, messages between processes and shared rate limits on one Redis (or Valkey). */
export class RedisBus implements Bus {
  readonly scope = "shared" as const;
  /** For `new RoomKit({ store, leases: bus.leases })`. They end with the bus. */
  readonly leases: LeaseManager;
  readonly #commands: Connection;
  readonly #messages: Connection;
  readonly #prefix: string;
  readonly #logger: Logger;
  readonly #topics: Map<string, Set<Subscriber>> = new Map();
  #closing: Promise<void> | undefined;

  constructor(commands: Connection, messages: Connection, prefix: string, logger: Logger) {
    this.#commands = commands;
    this.#messages = messages;
    this.#prefix = prefix;
    this.#logger = logger;
    this.leases = new EngineLeases(leaseEngine(commands, prefix));
    messages.client.on("message", (channel: string, text: string) => this.#deliver(channel, text));
    messages.client.on("ready", () => void this.#resubscribe());
  }

  /** Connections that are open, or being opened again. */
  get connections(): number {
    return [this.#commands, this.#messages].filter(({ open }) => open).length;
  }

  /** Resolves when it can be used now: for readiness checks. @throws RoomKitError `bus_unavailable`, `closed`. */
  async ping(): Promise<void> {
    await Promise.all([this.#commands, this.#messages].map((each) => each.ask(() => each.client.ping())));
  }

  async publish(topic: string, data: unknown): Promise<void> {
    const text = encodeMessage(data);
    await this.#commands.ask(() => this.#commands.client.publish(this.#channel(topic), text));
  }

  async subscribe(
    topic: string,
    handler: (data: unknown) => unknown,
    options: SubscribeOptions = {},
  ): Promise<Subscription> {
    assertSubscribe(topic, handler, options);
    const channel = this.#channel(topic);
    const subscriber = new Subscriber(handler, options, (error) => {
      this.#logger.warn({ topic, code: RoomKitError.from(error).code }, "a handler of a bus failed");
    });
    const subscribers = this.#topics.get(channel) ?? new Set();
    this.#topics.set(channel, subscribers.add(subscriber));
    try {
      await this.#messages.ask(() => this.#messages.client.subscribe(channel));
    } catch (error) {
      await this.#unsubscribe(channel, subscriber);
      throw error;
    }
    return { close: () => this.#unsubscribe(channel, subscriber) };
  }

  async beat(key: string, data: unknown, ttlMs: number): Promise<void> {
    const text = encodeMessage(data);
    if (!(ttlMs > 0)) throw new RoomKitError("invalid_option", "ttlMs must be > 0");
    await this.#commands.run("beat", ...this.#presence(), key, text, Math.ceil(ttlMs));
  }

  async drop(key: string): Promise<void> {
    await this.#commands.run("dropPresence", ...this.#presence(), key);
  }

  async present(prefix: string): Promise<readonly Presence[]> {
    const found = (await this.#commands.run("present", ...this.#presence(), prefix)) as string[];
    const presences: Presence[] = [];
    for (let i = 0; i + 1 < found.length; i += 2) {
      presences.push({ key: found[i] as string, data: JSON.parse(found[i + 1] as string) });
    }
    return presences.sort((a, b) => (a.key < b.key ? -1 : 1));
  }

  /**
   * Takes tokens from a bucket that all processes share: 0 when there were enough, else none were taken and it is how long until there
   * are, ms. @throws RoomKitError `invalid_option`, `bus_unavailable`, `closed`.
   */
  async take(key: string, { burst, perSecond, cost = 1 }: TokenBucket): Promise<number> {
    if (
      !(burst > 0 && perSecond > 0 && cost > 0 && cost <= burst && Number.isFinite(burst) && Number.isFinite(perSecond))
    ) {
      throw new RoomKitError("invalid_option", "burst, perSecond and cost must be > 0, and cost at most burst");
    }
    return Number(await this.#commands.run("takeTokens", `${this.#prefix}bucket:${key}`, cost, burst, perSecond));
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    for (const subscribers of this.#topics.values()) for (const subscriber of subscribers) subscriber.close();
    this.#topics.clear();
    await this.leases.close();
    this.#messages.close();
    this.#commands.close();
  }

  #channel(topic: string): string {
    return `${this.#prefix}topic:${topic}`;
  }

  #presence(): [string, string] {
    return [`${this.#prefix}present:times`, `${this.#prefix}present:data`];
  }

  #deliver(channel: string, text: string): void {
    const subscribers = this.#topics.get(channel);
    if (!subscribers) return;
    try {
      for (const subscriber of subscribers) subscriber.push(JSON.parse(text));
    } catch {
      this.#logger.warn({}, "a message of the bus is no JSON");
    }
  }

  /** The connection is there again: what was published meanwhile is lost, and its subscribers are told. */
  async #resubscribe(): Promise<void> {
    const channels = [...this.#topics.keys()];
    if (channels.length === 0) return;
    try {
      await this.#messages.ask(() => this.#messages.client.subscribe(...channels));
    } catch (error) {
      if (RoomKitError.is(error, "closed")) return;
      this.#logger.warn({ code: RoomKitError.from(error).code }, "could not subscribe again: connecting anew");
      this.#messages.client.disconnect(true);
      return;
    }
    for (const subscribers of this.#topics.values()) for (const subscriber of subscribers) subscriber.gap();
  }

  async #unsubscribe(channel: string, subscriber: Subscriber): Promise<void> {
    subscriber.close();
    const subscribers = this.#topics.get(channel);
    if (!subscribers?.delete(subscriber) || subscribers.size > 0) return;
    this.#topics.delete(channel);
    try {
      await this.#messages.ask(() => this.#messages.client.unsubscribe(channel));
    } catch {
      // While it is away there is nothing to unsubscribe from.
    }
  }
}

/** Connects. @throws RoomKitError `invalid_option`, `bus_unavailable`. */
export async function openRedisBus(options: RedisBusOptions = {}): Promise<RedisBus> {
  const resolved = resolveOptions(options);
  const commands = await Connection.open(resolved, "commands");
  try {
    const messages = await Connection.open(resolved, "messages");
    return new RedisBus(commands, messages, resolved.prefix, resolved.logger);
  } catch (error) {
    commands.close();
    throw error;
  }
}
