import { readdirSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { systemClock } from "@roomkit/core";
import { PacingWheel } from "@roomkit/transport-utils";
import { answerLines, givenOptions, say } from "./child.fixture.ts";
import { type EchoOptions, startEcho } from "./echo-server.fixture.ts";

/** What a server holds and has heard. */
export interface ServerState {
  /** Connections from their offer to their end. */
  readonly size: number;
  /** Calls of the threads that do media. */
  readonly peers: number;
  /** Handles of the event loop by kind. */
  readonly handles: Readonly<Record<string, number>>;
  readonly descriptors: number;
  /** Listeners of the pacing clock. */
  readonly paced: number;
  /** After a collection, bytes. */
  readonly heap: number;
  readonly calls: readonly CallState[];
  readonly webSocketCalls: readonly CallState[];
}

interface CallState {
  readonly heardMs: number;
  readonly texts: readonly string[];
  readonly ended?: string;
}

const server = await startEcho(givenOptions<EchoOptions>());
say({ url: server.url });

answerLines(async (line): Promise<ServerState | string> => {
  if (line === "forget") {
    server.calls.length = 0;
    server.webSocketCalls.length = 0;
    return "forgotten";
  }
  if (line === "stall") {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2_000);
    return "stalled";
  }
  // Twice, with a turn between: what finalizers let go is free then too.
  globalThis.gc?.();
  await sleep(50);
  globalThis.gc?.();
  const handles: Record<string, number> = {};
  for (const kind of process.getActiveResourcesInfo()) handles[kind] = (handles[kind] ?? 0) + 1;
  const states = (calls: typeof server.calls): CallState[] =>
    calls.map(({ heardMs, texts, ended }) => ({ heardMs, texts, ...(ended ? { ended: ended.code } : {}) }));
  return {
    size: server.transport.size,
    peers: server.transport.load.reduce((sum, { calls }) => sum + calls, 0),
    handles,
    descriptors: readdirSync("/proc/self/fd").length,
    paced: PacingWheel.shared(systemClock).size,
    heap: process.memoryUsage().heapUsed,
    calls: states(server.calls),
    webSocketCalls: states(server.webSocketCalls),
  };
});
