import {
  type Bus,
  BusMember,
  type Cancel,
  type Clock,
  keepNewest,
  type Logger,
  randomId,
  withTimeout,
} from "@roomkit/core";
import { fitRows } from "../calls/fit-rows.ts";
import type { ActionResult, CallDetail, CallRow, ProcessView } from "../calls/views.ts";
import { type BusMessage, busMessage, type CommandMessage, type ProcessName, parseMessage } from "./messages.ts";
import { Remotes } from "./remotes.ts";

const TOPIC = "inspect";
/** How often a process that is looked at tells of its calls, and somebody who looks says so, ms. */
const BEAT_MS = 1_000;
/** Who has not said it for so long does not look any more, ms. */
const LOOKS_MS = 3_500;
/** Longest wait for a process that is told to do something, ms. */
const ANSWER_MS = 3_000;
/** Commands that wait for their answers, and that are remembered, in case they come twice. */
const MAX_WAITING = 100;
const MAX_REMEMBERED = 500;
const MAX_VIEWERS = 64;
/** Calls of this process that others look at closely, at once. */
const MAX_FOCUS = 16;
/** Characters of the calls in one message: a bus takes 65,536 with what is around them. */
const MAX_CHARACTERS = 60_000;

export interface PeersOptions {
  readonly bus: Bus;
  readonly self: ProcessName;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly rows: () => CallRow[];
  readonly detail: (call: string) => CallDetail | undefined;
  /** Does to a call of this process what an operator elsewhere asks for. */
  readonly act: (call: string, action: string) => Promise<ActionResult>;
  /** Somebody elsewhere looks at this process, or nobody does any more. */
  readonly onLooked: (looked: boolean) => void;
}

interface Viewer {
  readonly at: number;
  readonly focus: readonly string[];
}

/** The inspectors of other processes: tells them of the calls here while one of them looks, and looks at theirs. */
export class Peers {
  readonly #options: PeersOptions;
  readonly #remotes: Remotes;
  readonly #member: BusMember;
  readonly #viewers = new Map<string, Viewer>();
  readonly #waiting = new Map<string, (result: ActionResult) => void>();
  readonly #done = new Map<string, Promise<ActionResult>>();
  #seq = 0;
  #telling: Cancel | undefined;

  constructor(options: PeersOptions) {
    this.#options = options;
    this.#remotes = new Remotes(options.clock);
    const { bus, clock, logger } = options;
    this.#member = new BusMember({
      ...{ bus, topic: TOPIC, self: options.self.id, clock, logger },
      warning: "the inspector does not reach the other processes",
      onMessage: (data) => this.#receive(data),
    });
  }

  /** Says that somebody looks here; call it once a second while somebody does. */
  look(focus: readonly { readonly process: string; readonly call: string }[]): void {
    const { id } = this.#options.self;
    const elsewhere = new Map(focus.map((each) => [`${each.process} ${each.call}`, each]));
    const asked = [...elsewhere.values()].filter(({ process }) => process !== id);
    this.#tellOf({ type: "watch", viewer: id, focus: asked.slice(0, MAX_FOCUS) });
  }

  views(): ProcessView[] {
    return this.#remotes.views();
  }

  detailOf(process: string, call: string): CallDetail | undefined {
    return this.#remotes.detailOf(process, call);
  }

  /** Has another process do something. Never rejects. */
  async command(process: string, call: string, action: string): Promise<ActionResult> {
    // Whose page somebody looks at is heard of by that alone: a balancer may bring the page's request to any process.
    if (!this.#remotes.has(process) && !this.#viewers.has(process)) return { ok: false, code: "unknown_process" };
    if (this.#member.closed || this.#waiting.size >= MAX_WAITING) return { ok: false, code: "busy" };
    const { clock, self } = this.#options;
    const id = randomId("command");
    const answered = new Promise<ActionResult>((resolve) => this.#waiting.set(id, resolve));
    this.#tellOf({ type: "command", id, from: self.id, call, action }, process);
    try {
      return await withTimeout(answered, ANSWER_MS, { clock, what: "the answer of another process" });
    } catch {
      return { ok: false, code: "timeout" };
    } finally {
      this.#waiting.delete(id);
    }
  }

  async close(): Promise<void> {
    if (this.#member.closed) return;
    this.#tellOf({ type: "gone", process: this.#options.self });
    const closed = this.#member.close();
    this.#telling?.();
    this.#viewers.clear();
    this.#remotes.clear();
    for (const resolve of this.#waiting.values()) resolve({ ok: false, code: "closed" });
    await closed;
  }

  #receive(data: unknown): void {
    const told = parseMessage(data);
    const self = this.#options.self.id;
    if (!told || ("process" in told && told.process?.id === self)) return;
    switch (told.type) {
      case "watch":
        if (told.viewer === self) return;
        this.#looked(
          told.viewer,
          told.focus.flatMap(({ process, call }) => (process === self ? call : [])),
        );
        return;
      case "command":
        void this.#obey(told);
        return;
      case "answer":
        this.#waiting.get(told.id)?.(told.result);
        return;
      case "seen":
      case "detail":
      case "gone":
        if (told.type === "gone") this.#remotes.gone(told.process);
        else if (told.type === "seen") this.#remotes.seen(told);
        else this.#remotes.detail(told);
        return;
      case "newer":
        this.#remotes.newer(told);
    }
  }

  #looked(viewer: string, focus: readonly string[]): void {
    this.#viewers.delete(viewer);
    this.#viewers.set(viewer, { at: this.#options.clock.now(), focus });
    keepNewest(this.#viewers, MAX_VIEWERS);
    if (this.#telling) return;
    this.#options.onLooked(true);
    this.#tell();
  }

  /** Tells of the calls here, again and again, until nobody looks. */
  #tell(): void {
    const { clock, self, onLooked } = this.#options;
    const now = clock.now();
    for (const [viewer, { at }] of this.#viewers) if (now - at > LOOKS_MS) this.#viewers.delete(viewer);
    if (this.#viewers.size === 0) {
      this.#telling = undefined;
      onLooked(false);
      return;
    }
    this.#telling = clock.setTimeout(() => this.#tell(), BEAT_MS);
    const seq = ++this.#seq;
    this.#tellOf({
      ...{ type: "seen", process: self, seq },
      ...fitRows(this.#options.rows(), MAX_CHARACTERS),
    });
    const focus = new Set([...this.#viewers.values()].flatMap((viewer) => viewer.focus));
    for (const id of [...focus].slice(0, MAX_FOCUS)) {
      const call = this.#options.detail(id);
      if (call) this.#tellOf({ type: "detail", process: self, seq, call });
    }
  }

  /** What came twice is done once, and answered twice. */
  async #obey({ id, from, call, action }: CommandMessage): Promise<void> {
    const doing = this.#done.get(id) ?? this.#options.act(call, action);
    this.#done.set(id, doing);
    keepNewest(this.#done, MAX_REMEMBERED);
    this.#tellOf({ type: "answer", id, result: await doing }, from);
  }

  /** @param to only this process. */
  #tellOf(told: BusMessage, to?: string): void {
    this.#member.tell(busMessage(told), to);
  }
}
