import { type Clock, keepNewest } from "@roomkit/core";
import type { CallDetail, CallRow, ProcessView } from "../calls/views.ts";
import type { DetailMessage, NewerMessage, ProcessName, SeenMessage } from "./messages.ts";

/** Other processes that are remembered, and details of their calls. */
const MAX_REMOTES = 200;
const MAX_DETAILS = 32;
const MAX_GONE = 500;
/** Nothing heard for so long: what is known may be over; for so long: it is forgotten. */
const STALE_MS = 3_500;
const FORGET_MS = 20_000;

interface Remote {
  readonly name: string;
  readonly seq: number;
  readonly heardAt: number;
  readonly newer: boolean;
  readonly calls: readonly CallRow[];
  readonly more: number;
}

interface Detail {
  readonly process: string;
  readonly call: CallDetail;
  readonly seq: number;
  readonly heardAt: number;
}

/**
 * What is known of the other processes, by what they say, whatever of it is lost, late, told twice or in another order:
 *
 * | what comes                              | what becomes of it                                  |
 * | --------------------------------------- | --------------------------------------------------- |
 * | calls with a higher number than before  | take the place of those before                      |
 * | calls with the same or a lower number   | dropped: they are older, or told twice              |
 * | `gone`, then anything of it             | forgotten at once, and never heard of again         |
 * | nothing for 3.5 s, for 20 s             | stale, forgotten                                    |
 * | a message of another version            | the process is shown, without its calls             |
 */
export class Remotes {
  readonly #clock: Clock;
  readonly #processes = new Map<string, Remote>();
  readonly #details = new Map<string, Detail>();
  readonly #gone = new Set<string>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  seen({ process, seq, calls, more }: SeenMessage): void {
    const { id, name } = process;
    const known = this.#processes.get(id);
    if (this.#gone.has(id) || (known && !known.newer && seq <= known.seq)) return;
    this.#keep(id, { name, seq, calls, more, newer: false });
  }

  detail({ process, seq, call }: DetailMessage): void {
    const key = keyOf(process.id, call.id);
    if (this.#gone.has(process.id) || seq <= (this.#details.get(key)?.seq ?? -1)) return;
    this.#details.delete(key);
    this.#details.set(key, { process: process.id, call, seq, heardAt: this.#clock.now() });
    keepNewest(this.#details, MAX_DETAILS);
  }

  newer({ process }: NewerMessage): void {
    if (!process || this.#gone.has(process.id)) return;
    this.#keep(process.id, { name: process.name, seq: -1, calls: [], more: 0, newer: true });
  }

  gone({ id }: ProcessName): void {
    this.#forget(id);
    this.#gone.add(id);
    keepNewest(this.#gone, MAX_GONE);
  }

  has(id: string): boolean {
    return this.#processes.has(id);
  }

  /** In the order of their names. */
  views(): ProcessView[] {
    const now = this.#clock.now();
    for (const [id, { heardAt }] of this.#processes) if (now - heardAt > FORGET_MS) this.#forget(id);
    const views = [...this.#processes].map(([id, { name, heardAt, newer, calls, more }]): ProcessView => {
      const ageMs = Math.round(now - heardAt);
      return { id, name, self: false, ageMs, stale: ageMs > STALE_MS, newer, calls, more };
    });
    return views.sort((a, b) => (`${a.name} ${a.id}` < `${b.name} ${b.id}` ? -1 : 1));
  }

  /** Undefined, too, when it is of a moment that is long past. */
  detailOf(process: string, call: string): CallDetail | undefined {
    const found = this.#details.get(keyOf(process, call));
    return found && this.#clock.now() - found.heardAt <= FORGET_MS ? found.call : undefined;
  }

  clear(): void {
    this.#processes.clear();
    this.#details.clear();
    this.#gone.clear();
  }

  #keep(id: string, remote: Omit<Remote, "heardAt">): void {
    this.#processes.delete(id);
    this.#processes.set(id, { ...remote, heardAt: this.#clock.now() });
    keepNewest(this.#processes, MAX_REMOTES);
  }

  #forget(id: string): void {
    this.#processes.delete(id);
    for (const [key, { process }] of this.#details) if (process === id) this.#details.delete(key);
  }
}

function keyOf(process: string, call: string): string {
  return JSON.stringify([process, call]);
}
