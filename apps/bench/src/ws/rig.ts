import { Child } from "../measure/child.ts";
import { pin } from "../measure/pin.ts";
import { residentMbOf, threadsMs } from "../measure/processes.ts";
import { type BenchArguments, numberOption } from "../measure/report.ts";
import { type LoadClient, openLoadClient } from "./load-client.ts";
import type { Listened } from "./messages.ts";
import type { ServerAnswer, ServerRequest } from "./server.ts";

const ANSWER_MS = 60_000;
/**
 * As the servers of generated projects are started; V8 would let the young space grow to more than the calls' own memory, and
 * make old what each message throws away.
 */
const FLAGS = ["--max-semi-space-size=16", "--no-allocation-site-pretenuring"];
/** More calls than any benchmark makes: nothing of it is refused. */
const ANY = 20_000;

export type Side = "ours" | "bare";
/** In the order in which they are measured. */
export const sides: readonly Side[] = ["bare", "ours"];
/** In the order in which they are drawn, and what they are called. */
export const shown: readonly (readonly [side: Side, name: string])[] = [
  ["ours", "ours"],
  ["bare", "bare ws"],
];

export const reference =
  "the ws package and the same signal processing called directly, without sessions, pacing or checks";

/** One side of the comparison in a process of its own, on a core of its own where that can be done. */
export class Server {
  readonly #child: Child<ServerRequest, ServerAnswer>;
  readonly url: string;
  #before: { readonly cpuMs: number; readonly at: number } | undefined;

  private constructor(child: Child<ServerRequest, ServerAnswer>, url: string) {
    this.#child = child;
    this.url = url;
  }

  /** @param store what it commits events to meanwhile: its kind, and where it is */
  static async open(side: Side, pinned: boolean, flags: readonly string[] = [], store?: string): Promise<Server> {
    const child = new Child<ServerRequest, ServerAnswer>(import.meta.url, "server", [...FLAGS, ...flags]);
    try {
      const { url = "" } = await child.ask({ type: "open", side, calls: ANY, store }, ANSWER_MS);
      if (pinned) pin(child.pid, "server");
      return new Server(child, url);
    } catch (error) {
      await child.close();
      throw error;
    }
  }

  /** Looks from outside where it can: a server with far too many calls answers nobody for a minute. */
  async begin(): Promise<void> {
    const cpuMs = threadsMs(this.#child.pid);
    this.#before = cpuMs === undefined ? undefined : { cpuMs, at: performance.now() };
    if (!this.#before) await this.#child.ask({ type: "begin" }, ANSWER_MS);
  }

  /** Since `begin`. */
  async read(): Promise<{ cpuMs: number; wallMs: number; residentMb: number }> {
    const { pid } = this.#child;
    const now = threadsMs(pid);
    if (this.#before && now !== undefined) {
      const { cpuMs, at } = this.#before;
      return { cpuMs: now - cpuMs, wallMs: performance.now() - at, residentMb: residentMbOf(pid) };
    }
    const { cpuMs = 0, wallMs = 0, residentMb = 0 } = await this.#child.ask({ type: "read" }, ANSWER_MS);
    return { cpuMs, wallMs, residentMb };
  }

  /** Committed so far. */
  async events(): Promise<number> {
    return (await this.#child.ask({ type: "events" }, ANSWER_MS)).events ?? 0;
  }

  /** After a collection, with `--expose-gc`. */
  async memory(): Promise<{ residentMb: number; heapMb: number }> {
    const { residentMb = 0, heapMb = 0 } = await this.#child.ask({ type: "memory" }, ANSWER_MS);
    return { residentMb, heapMb };
  }

  close(): Promise<void> {
    return this.#child.close();
  }
}

/** What the benchmarks of WebSocket calls have in common: `--client`, `--pin`, `--runs`. */
export interface Rig {
  readonly load: LoadClient;
  readonly pinned: boolean;
  readonly runs: number;
}

export async function withRig<T>(args: BenchArguments, use: (rig: Rig) => Promise<T>): Promise<T> {
  const pinned = numberOption(args, "pin", 1, [0, 1]) === 1;
  const runs = numberOption(args, "runs", 3, [1, 20]);
  const load = openLoadClient(args.options.client ?? "auto", pinned);
  try {
    return await use({ load, pinned, runs });
  } finally {
    await load.close();
  }
}

/** Calls for so long, and what they cost the server. */
export async function listen(
  load: LoadClient,
  server: Server,
  { calls, warmMs, measureMs }: { calls: number; warmMs: number; measureMs: number },
): Promise<Listened & { serverCpuMs: number; residentMb: number }> {
  await load.connect(server.url, calls);
  try {
    await new Promise((resolve) => setTimeout(resolve, warmMs));
    await server.begin();
    const listened = await load.measure(measureMs);
    const { cpuMs, residentMb } = await server.read();
    return { ...listened, serverCpuMs: cpuMs, residentMb };
  } finally {
    await load.hangUp();
  }
}
