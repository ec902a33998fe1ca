import {
  abortedError,
  consoleLogger,
  type RealtimeConnectOptions,
  type RealtimeSession,
  randomId,
  systemClock,
} from "@roomkit/core";
import { OpenCalls } from "../calls/open-calls.ts";
import { loggedRetry, type RetrySettings } from "../retry/logged-retry.ts";
import { retry } from "../retry/with-retry.ts";
import { RealtimeRunner } from "./realtime-runner.ts";
import type { ReconnectOptions } from "./reconnect-budget.ts";
import type { RealtimeRunnerOptions } from "./runner-options.ts";

/** What a provider's options say of its sessions; `retry` is for the first connection of each. */
export interface RealtimeSessionsOptions extends RetrySettings {
  /** Longest wait from the open connection to the end of the vendor's handshake, ms. Default 10,000. */
  readonly handshakeTimeoutMs?: number | undefined;
  /** Longest silence of a vendor that owes something, ms. Default 20,000. */
  readonly responseTimeoutMs?: number | undefined;
  readonly reconnect?: ReconnectOptions | undefined;
}

/** The sessions of a provider: how they begin, and that closing it ends them. */
export class RealtimeSessions {
  readonly #retry: RetrySettings;
  readonly #runner: Omit<RealtimeRunnerOptions, "id" | "createProtocol" | "open" | "onClosed">;
  readonly #connecting: OpenCalls;
  readonly #open = new Set<RealtimeRunner>();

  constructor(options: RealtimeSessionsOptions, vendor: Pick<RealtimeRunnerOptions, "provider" | "maxConnectionMs">) {
    const { retry: retries, clock = systemClock, logger = consoleLogger } = options;
    const { handshakeTimeoutMs = 10_000, responseTimeoutMs = 20_000, reconnect } = options;
    this.#retry = { retry: retries, clock, logger };
    this.#runner = { ...vendor, clock, logger, handshakeTimeoutMs, responseTimeoutMs, reconnect };
    this.#connecting = new OpenCalls(vendor.provider);
  }

  get size(): number {
    return this.#open.size;
  }

  /** @throws ProviderError; RoomKitError `aborted`, `closed`. */
  async start(
    parts: Pick<RealtimeRunnerOptions, "createProtocol" | "open">,
    { signal }: Pick<RealtimeConnectOptions, "signal">,
  ): Promise<RealtimeSession> {
    const { provider } = this.#runner;
    return this.#connecting.run(signal, (inner) =>
      retry(
        () => this.#attempt(parts, inner),
        loggedRetry(this.#retry, { provider, signal: inner, what: "a connection" }),
      ),
    );
  }

  /** Ends every session, and what is being connected with `closed`; resolves when all of it is gone. Idempotent. */
  async close(): Promise<void> {
    this.#connecting.close();
    await Promise.all([...this.#open].map((session) => session.close()));
  }

  async #attempt(
    parts: Pick<RealtimeRunnerOptions, "createProtocol" | "open">,
    signal: AbortSignal,
  ): Promise<RealtimeRunner> {
    const runner: RealtimeRunner = new RealtimeRunner({
      ...this.#runner,
      ...parts,
      id: randomId("rt"),
      onClosed: () => this.#open.delete(runner),
    });
    this.#open.add(runner);
    try {
      await runner.connect(signal);
      // The provider may have been closed, or the caller gone, since it connected.
      if (signal.aborted) throw abortedError(signal);
    } catch (error) {
      await runner.close();
      throw error;
    }
    return runner;
  }
}
