import type { IncomingMessage, Server, ServerResponse } from "node:http";
import {
  assertOptions,
  type Clock,
  consoleLogger,
  errorFields,
  type Logger,
  optionsWithin,
  type RoomKit,
  RoomKitError,
  systemClock,
  withTimeout,
} from "@roomkit/core";
import { type Check, checksOf, Health, type Readiness } from "./health.ts";
import { LoopMeter } from "./loop-meter.ts";

/** What is asked of a transport, and done to it. */
export interface OperatedTransport {
  readonly name: string;
  /** Why it takes no newcomer just now. */
  readonly refusal?: string | undefined;
  /** Refuses newcomers. */
  drain?(): void;
  close(): Promise<void>;
}

export interface OperateOptions {
  readonly kit: RoomKit;
  /** Closed after the kit. A channel drains its own; these are asked whether they take newcomers. */
  readonly transports?: readonly OperatedTransport[] | undefined;
  /** Takes no more connections once the calls have gone. */
  readonly server?: Pick<Server, "close" | "closeAllConnections"> | undefined;
  /** Closed last, one after the other, whatever those before it did: providers, stores. */
  readonly closing?: readonly (() => unknown)[] | undefined;
  /** What else has to be there for a call, by name. */
  readonly checks?: Readonly<Record<string, Check>> | undefined;
  /** Signals that stop it. Default `SIGTERM` and `SIGINT`; none: `[]`. */
  readonly signals?: readonly NodeJS.Signals[] | undefined;
  /** From "not ready" to the refusal of newcomers, ms: a balancer needs a moment to notice. Default 0. */
  readonly readyDelayMs?: number | undefined;
  /** How long calls may go on to their own end, ms. Default 60,000. */
  readonly drainTimeoutMs?: number | undefined;
  /** After that they are ended at their next pause, so much later in any case, ms. Default 15,000. */
  readonly handOverMs?: number | undefined;
  /** Longest wait for each thing that is closed, ms. Default 10,000. */
  readonly closeTimeoutMs?: number | undefined;
  /** Longest wait for a check, ms. Default 1,000. */
  readonly checkTimeoutMs?: number | undefined;
  /** Which part of each of the last five seconds the event loop may have been busy before this process is not ready, 0.1 to 1. Default 0.9. */
  readonly maxLoopUtilization?: number | undefined;
  /** Called at the end with 0, or with 1 where something could not be closed or a third signal came. Default `process.exit`. */
  readonly exit?: ((code: number) => void) | undefined;
  readonly logger?: Logger | undefined;
  readonly clock?: Clock | undefined;
}

export interface Operation {
  /** Whether new callers may be sent here. */
  readiness(): Promise<Readiness>;
  /** Answers `/healthz` (200 while the process answers at all) and `/readyz` (200 or 503); false: the request is another's. */
  handle(request: IncomingMessage, response: ServerResponse): boolean;
  /** Lets go of the calls, closes everything, and exits. As a signal does; idempotent. */
  stop(): Promise<void>;
}

const DEFAULTS = {
  readyDelayMs: 0,
  drainTimeoutMs: 60_000,
  handOverMs: 15_000,
  closeTimeoutMs: 10_000,
  checkTimeoutMs: 1_000,
  maxLoopUtilization: 0.9,
} as const;
type Numbers = { readonly [K in keyof typeof DEFAULTS]: number };
const HOURS_MS = 24 * 3_600_000;

/**
 * Runs a server as its operator wants it: says whether it is ready, and stops in order.
 *
 * | signal | does                                                                                     |
 * | ------ | ---------------------------------------------------------------------------------------- |
 * | first  | not ready; newcomers refused; calls end by themselves, then at a pause; all is closed    |
 * | second | the calls end at once, and all is closed                                                 |
 * | third  | the process ends at once                                                                 |
 *
 * @throws RoomKitError `invalid_option`
 */
export function operate(options: OperateOptions): Operation {
  assertOptions("operate", options, {
    required: ["kit"],
    object: ["kit", "server", "checks", "logger", "clock"],
    objects: ["transports"],
    array: ["closing"],
    strings: ["signals"],
    function: ["exit"],
  });
  for (const [i, close] of (options.closing ?? []).entries())
    if (typeof close !== "function")
      throw new RoomKitError("invalid_option", `operate: closing[${i}] must be a function`);
  const numbers = optionsWithin<Numbers>(options, DEFAULTS, {
    readyDelayMs: [0, HOURS_MS],
    drainTimeoutMs: [0, HOURS_MS],
    handOverMs: [0, HOURS_MS],
    closeTimeoutMs: [1, HOURS_MS],
    checkTimeoutMs: [1, HOURS_MS],
    maxLoopUtilization: [0.1, 1],
  });
  return new OperatedServer(options, numbers);
}

class OperatedServer implements Operation {
  readonly #options: OperateOptions;
  readonly #numbers: Numbers;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #health: Health;
  readonly #meter = new LoopMeter();
  readonly #hurry = new AbortController();
  readonly #onSignal = (): void => this.#signalled();
  #stopping: Promise<void> | undefined;

  constructor(options: OperateOptions, numbers: Numbers) {
    const { clock = systemClock, logger = consoleLogger, checks = {} } = options;
    this.#options = options;
    this.#numbers = numbers;
    this.#clock = clock;
    this.#logger = logger;
    this.#health = new Health({
      clock,
      checks: checksOf(checks),
      checkTimeoutMs: numbers.checkTimeoutMs,
      reasons: () => this.#reasons(),
    });
    for (const signal of this.#signals) process.on(signal, this.#onSignal);
  }

  get #signals(): readonly NodeJS.Signals[] {
    return this.#options.signals ?? ["SIGTERM", "SIGINT"];
  }

  readiness(): Promise<Readiness> {
    return this.#health.readiness();
  }

  handle(request: IncomingMessage, response: ServerResponse): boolean {
    const path = (request.url ?? "").split("?", 1)[0];
    if (path !== "/healthz" && path !== "/readyz") return false;
    const headers = { "content-type": "application/json", "cache-control": "no-store" };
    if (request.method !== "GET" && request.method !== "HEAD") {
      response.writeHead(405, { ...headers, allow: "GET, HEAD" }).end('{"error":"method_not_allowed"}');
    } else if (path === "/healthz") {
      response.writeHead(200, headers).end('{"status":"ok"}');
    } else {
      void this.readiness().then((readiness) =>
        response.writeHead(readiness.ready ? 200 : 503, headers).end(JSON.stringify(readiness)),
      );
    }
    return true;
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  #signalled(): void {
    if (this.#hurry.signal.aborted) this.#exit(1);
    else if (this.#stopping !== undefined) this.#hurry.abort();
    else void this.stop();
  }

  async #stop(): Promise<void> {
    const { kit, transports = [], server, closing = [] } = this.#options;
    const { readyDelayMs, drainTimeoutMs, handOverMs } = this.#numbers;
    const { signal } = this.#hurry;
    this.#logger.info({ drainTimeoutMs, handOverMs }, "stopping: newcomers are refused, calls may finish");
    if (readyDelayMs > 0) await this.#clock.sleep(readyDelayMs, signal).catch(() => {});
    for (const transport of transports) transport.drain?.();
    let whole = await this.#closed(
      "the calls",
      () => kit.drain({ timeoutMs: drainTimeoutMs, handOverMs, signal }),
      false,
    );
    // Nobody is to wait for an answer of a server that has none.
    server?.close();
    const steps: [what: string, close: () => unknown][] = [
      ["the kit", () => kit.close()],
      ...transports.map((transport): [string, () => unknown] => [
        `the transport ${transport.name}`,
        () => transport.close(),
      ]),
      ...closing.map((close, i): [string, () => unknown] => [`closing[${i}]`, close]),
    ];
    for (const [what, close] of steps) whole = (await this.#closed(what, close)) && whole;
    server?.closeAllConnections();
    this.#meter.stop();
    for (const name of this.#signals) process.off(name, this.#onSignal);
    this.#logger.info({ whole }, "stopped");
    this.#exit(whole ? 0 : 1);
  }

  /** Whether something was closed; what goes wrong is told and keeps nothing else from being closed. */
  async #closed(what: string, close: () => unknown, bounded = true): Promise<boolean> {
    try {
      const closed = (async () => await close())();
      await (bounded ? withTimeout(closed, this.#numbers.closeTimeoutMs, { clock: this.#clock, what }) : closed);
      return true;
    } catch (error) {
      this.#logger.error({ what, ...errorFields(error) }, "could not be closed properly");
      return false;
    }
  }

  #reasons(): string[] {
    if (this.#stopping !== undefined) return ["draining"];
    const { transports = [] } = this.#options;
    const refusals = transports.flatMap(({ refusal }) => (refusal === undefined ? [] : [refusal]));
    const busy = this.#meter.utilization > this.#numbers.maxLoopUtilization;
    return [...new Set(refusals), ...(busy ? ["event_loop_busy"] : [])];
  }

  #exit(code: number): void {
    const { exit = (code: number) => process.exit(code) } = this.#options;
    exit(code);
  }
}
