import { type Caller, packetsToSend } from "./caller.ts";
import { PACKET_MS, type Sound } from "./sounds.ts";

const TICK_MS = 2;

/** What came back to connected callers, and what they said, while somebody waited. */
export interface Listened {
  /** From the sending of the first packet of a sound to the arrival of its echo, ms. */
  readonly delays: readonly number[];
  /** Audio packets of echo that came. */
  readonly packets: number;
  /** Audio packets the relay dropped. */
  readonly lost: number;
  /** What each said since its start, by name. */
  readonly sounds: Readonly<Record<string, readonly Sound[]>>;
}

/** Connected callers, all speaking. */
export class Speakers {
  readonly #packets: readonly Uint8Array[];
  readonly #callers = new Set<Caller>();
  readonly #timer: NodeJS.Timeout;

  private constructor(packets: readonly Uint8Array[]) {
    this.#packets = packets;
    this.#timer = setInterval(() => {
      const now = performance.now();
      for (const caller of this.#callers) caller.speak(now, this.#packets);
    }, TICK_MS);
  }

  static async open(): Promise<Speakers> {
    return new Speakers(await packetsToSend());
  }

  get size(): number {
    return this.#callers.size;
  }

  /** @param offset when it sends within the 20 ms of a packet, 0 to 1 */
  add(caller: Caller, offset: number): void {
    caller.start(performance.now() + offset * PACKET_MS);
    this.#callers.add(caller);
  }

  async listen(ms: number): Promise<Listened> {
    const callers = [...this.#callers];
    const sum = (of: (caller: Caller) => number): number => callers.reduce((total, caller) => total + of(caller), 0);
    const packets = sum((caller) => caller.packets);
    const lost = sum((caller) => caller.lost);
    for (const caller of callers) caller.delays = [];
    await new Promise((resolve) => setTimeout(resolve, ms));
    return {
      delays: callers.flatMap(({ delays }) => delays),
      packets: sum((caller) => caller.packets) - packets,
      lost: sum((caller) => caller.lost) - lost,
      sounds: Object.fromEntries(callers.map(({ name, sounds }) => [name, sounds])),
    };
  }

  close(): void {
    clearInterval(this.#timer);
    for (const caller of this.#callers) caller.close();
    this.#callers.clear();
  }
}
