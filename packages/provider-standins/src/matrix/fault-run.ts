import { setTimeout as sleep } from "node:timers/promises";
import { inspect } from "node:util";
import { RoomKitError } from "@roomkit/core";
import { ProviderError, type RetryOptions } from "@roomkit/provider-utils";
import type { LogEntry } from "../server/frame-log.ts";
import { StandIn } from "../server/stand-in.ts";
import { check, type FaultMatrixOptions, type MovableClock } from "./fault-case.ts";

/** How far the clock moves at a time: small against every limit, so that the answer can keep up with it. */
const STEP_MS = 100;
const KEY = "matrix-key-0123456789";

/** How an operation went. */
export interface Outcome {
  readonly items: readonly unknown[];
  /** What it threw, or the error of an `error` part. */
  readonly error: unknown;
}

export interface StartOptions {
  readonly retry?: RetryOptions | undefined;
  readonly variant?: number | undefined;
  /** Stop reading after so many items, once the fault has come to bear. */
  readonly stopAfter?: number | undefined;
}

/** The stand-in, the clock and the operations of one case. */
export class FaultRun {
  readonly standIn: StandIn;
  readonly clock: MovableClock;
  readonly abort: AbortController = new AbortController();
  readonly route: string;
  readonly #options: FaultMatrixOptions;
  readonly #patienceMs: number;
  readonly #errors: unknown[] = [];
  readonly #unhandled: unknown[] = [];

  static async with(options: FaultMatrixOptions, body: (run: FaultRun) => Promise<void>): Promise<void> {
    const routes = options.routes();
    const run = new FaultRun(options, await StandIn.start(routes), routes[0].name);
    const onUnhandled = (reason: unknown): void => void run.#unhandled.push(reason);
    process.on("unhandledRejection", onUnhandled);
    try {
      await body(run);
      await run.#expectNothingLeft();
    } finally {
      process.off("unhandledRejection", onUnhandled);
      await run.standIn.close();
    }
  }

  private constructor(options: FaultMatrixOptions, standIn: StandIn, route: string) {
    this.#options = options;
    this.#patienceMs = options.patienceMs ?? 60_000;
    this.standIn = standIn;
    this.clock = options.createClock();
    this.route = route;
  }

  /** Runs an operation to its end, whichever it is. */
  async start({ retry = { retries: 0 }, variant = 0, stopAfter }: StartOptions = {}): Promise<Outcome> {
    const { standIn, clock } = this;
    const items: unknown[] = [];
    let error: unknown;
    try {
      const { signal } = this.abort;
      const operation = { standIn, clock, signal, key: KEY, retry, firstByteMs: 5_000, stallMs: 3_000, variant };
      for await (const item of this.#options.operate(operation)) {
        const failed = errorPart(item);
        if (failed) error = failed;
        else items.push(item);
        if (items.length !== stopAfter) continue;
        await this.#logged(({ dir }) => dir === "fault");
        break;
      }
    } catch (thrown) {
      error = thrown;
    }
    this.#errors.push(error);
    return { items, error };
  }

  /** Waits for `promise` while time passes. For what waits for a time; anything else would run into its limits. */
  async whileTimePasses<T>(promise: Promise<T>): Promise<T> {
    let settled = false;
    const done = promise.finally(() => {
      settled = true;
    });
    done.catch(() => {});
    await this.until(() => settled, "the operation did not end", true);
    return done;
  }

  /** Waits until the condition holds. */
  async until(condition: () => boolean, complaint: string, timePasses = false): Promise<void> {
    const deadline = performance.now() + this.#patienceMs;
    while (!condition()) {
      check(performance.now() < deadline, `${complaint} (${this.standIn.log.length} log entries)`);
      if (timePasses) await this.clock.advance(STEP_MS);
      await sleep(1);
    }
  }

  /** Waits, without moving the clock. */
  async soon<T>(promise: Promise<T>, what: string): Promise<T> {
    let settled = false;
    const done = promise.finally(() => {
      settled = true;
    });
    done.catch(() => {});
    await this.until(() => settled, `${what} did not end`);
    return done;
  }

  /** How often the stand-in was asked. */
  get requests(): number {
    const asked = this.standIn.log.filter(
      ({ dir, route }) => route === this.route && (dir === "upgrade" || dir === "in"),
    );
    return new Set(asked.map(({ exchange }) => exchange)).size;
  }

  /** The fault has come to bear. */
  async struck(kind: string): Promise<void> {
    await this.#logged(({ dir, frame }) => dir === "fault" && (frame as { kind?: string | undefined }).kind === kind);
  }

  /** A request has been answered. */
  async answered(): Promise<void> {
    await this.#logged(({ dir }) => dir === "close");
  }

  /** The client has ended an exchange. */
  async hungUp(): Promise<void> {
    await this.#logged(({ dir, frame }) => dir === "close" && (frame as { byClient: boolean }).byClient);
  }

  checkComplete({ items, error }: Outcome, variant = 0): void {
    check(error === undefined, `it must succeed, but failed with ${describe(error)}`);
    check(
      this.#options.complete(items, variant),
      `the answer is not the right one: ${inspect(items, { depth: 4 }).slice(0, 600)}`,
    );
  }

  /** Checks that it failed with this kind: `aborted`, or a ProviderError's. */
  checkFailed({ error }: Outcome, kind: string): void {
    check(error !== undefined, `it must fail with ${kind}, but it succeeded`);
    const found = ProviderError.is(error) ? error.kind : RoomKitError.is(error) ? error.code : String(error);
    check(found === kind, `it must fail with ${kind}, not with ${describe(error)}`);
  }

  async #logged(predicate: (entry: LogEntry) => boolean): Promise<void> {
    await this.standIn.waitFor(predicate, this.#patienceMs);
  }

  async #expectNothingLeft(): Promise<void> {
    // Closing handshakes have their own time limits.
    await this.whileTimePasses(this.standIn.expectClean(this.#patienceMs));
    await this.until(() => this.clock.pendingTimers === 0, "timers were left behind");
    check(this.#unhandled.length === 0, `a rejection was not handled: ${describe(this.#unhandled[0])}`);
    for (const error of this.#errors) {
      const shown = `${inspect(error, { depth: 20, showHidden: true })}${safeJson(error)}`;
      check(!shown.includes(KEY), `the error shows the key: ${shown.slice(0, 300)}`);
    }
  }
}

function errorPart(item: unknown): unknown {
  const { type, error } = (item ?? {}) as { type?: unknown; error?: unknown };
  return type === "error" && RoomKitError.is(error) ? error : undefined;
}

function describe(error: unknown): string {
  if (!RoomKitError.is(error)) return String(error);
  return `${error.code}: ${error.message}`;
}

function safeJson(error: unknown): string {
  try {
    return JSON.stringify(error) ?? "";
  } catch {
    return "";
  }
}
