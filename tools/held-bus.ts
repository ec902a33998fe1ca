import { type Bus, RoomKitError } from "../packages/core/src/index.ts";

/** A bus whose messages a test holds back, doubles and mixes. */
export class HeldBus implements Bus {
  readonly scope = "shared" as const;
  readonly held: { readonly topic: string; readonly text: string }[] = [];
  readonly #topics = new Map<string, Set<(data: unknown) => unknown>>();
  down = false;

  async publish(topic: string, data: unknown): Promise<void> {
    if (this.down) throw new RoomKitError("bus_unavailable", "away");
    const text = JSON.stringify(data);
    if (text.length > 65_536) throw new RoomKitError("message_too_large", `${text.length} characters`);
    this.held.push({ topic, text });
  }

  async subscribe(topic: string, handler: (data: unknown) => unknown): Promise<{ close(): Promise<void> }> {
    if (this.down) throw new RoomKitError("bus_unavailable", "away");
    const handlers = this.#topics.get(topic) ?? new Set();
    this.#topics.set(topic, handlers.add(handler));
    return { close: async () => void handlers.delete(handler) };
  }

  /** How many listen to anything. */
  get listeners(): number {
    return [...this.#topics.values()].reduce((sum, { size }) => sum + size, 0);
  }

  /** Brings one of the messages that are held, and takes it away unless it is to come again. */
  bring(index = 0, again = false): void {
    const message = again ? this.held[index] : this.held.splice(index, 1)[0];
    if (message) for (const handler of this.#topics.get(message.topic) ?? []) void handler(JSON.parse(message.text));
  }

  /** Everything, in order, and what comes of it. */
  async flow(): Promise<void> {
    for (let turns = 0; turns < 20; turns++) {
      while (this.held.length > 0) this.bring();
      await new Promise(setImmediate);
    }
  }

  async beat(): Promise<void> {}
  async drop(): Promise<void> {}
  async present(): Promise<[]> {
    return [];
  }
  async close(): Promise<void> {}
}
