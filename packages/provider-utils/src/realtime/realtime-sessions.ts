import { type RealtimeConnectOptions, type RealtimeSession, randomId } from "@roomkit/core";
import { OpenCalls } from "../calls/open-calls.ts";
import { loggedRetry } from "../retry/logged-retry.ts";
import { type RetryOptions, retry } from "../retry/with-retry.ts";
import { RealtimeRunner } from "./realtime-runner.ts";
import type { RealtimeRunnerOptions } from "./runner-options.ts";

export interface RealtimeSessionsOptions
  extends Omit<RealtimeRunnerOptions, "id" | "createProtocol" | "open" | "onClosed"> {
  /** For the first connection of a session. */
  readonly retry: RetryOptions | undefined;
}

/** The sessions of a provider: how they begin, and that closing it ends them. */
export class RealtimeSessions {
  readonly #options: RealtimeSessionsOptions;
  readonly #connecting: OpenCalls;
  readonly #open = new Set<RealtimeRunner>();

  constructor(options: RealtimeSessionsOptions) {
    this.#options = options;
    this.#connecting = new OpenCalls(options.provider);
  }

  get size(): number {
    return this.#open.size;
  }

  /** @throws ProviderError; RoomKitError `aborted`, `closed`. */
  async start(
    parts: Pick<RealtimeRunnerOptions, "createProtocol" | "open">,
    { signal }: Pick<RealtimeConnectOptions, "signal">,
  ): Promise<RealtimeSession> {
    const { provider } = this.#options;
    return this.#connecting.run(signal, (inner) =>
      retry(
        () => this.#attempt(parts, inner),
        loggedRetry(this.#options, { provider, signal: inner, what: "a connection" }),
      ),
    );
  }

  /** Ends every session, and what is being connected with `closed`. */
  async close(): Promise<void> {
    this.#connecting.close();
    await Promise.all([...this.#open].map((session) => session.close()));
  }

  async #attempt(
    parts: Pick<RealtimeRunnerOptions, "createProtocol" | "open">,
    signal: AbortSignal,
  ): Promise<RealtimeRunner> {
    const runner: RealtimeRunner = new RealtimeRunner({
      ...this.#options,
      ...parts,
      id: randomId("rt"),
      onClosed: () => this.#open.delete(runner),
    });
    await runner.connect(signal);
    this.#open.add(runner);
    return runner;
  }
}
