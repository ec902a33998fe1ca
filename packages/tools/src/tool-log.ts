import { type EventContent, RoomKitError, type ToolCall, withTimeout } from "@roomkit/core";
import type { ToolOutcome } from "./run-tool.ts";
import type { ToolScope } from "./scope.ts";

/** How long the end of a reply waits for its tool events to be in the room's log. */
export const LOG_TIMEOUT_MS = 2_000;

/** What writing fails with when the room, or the channel's place in it, is gone: a late result has nowhere to go. */
const OVER: ReadonlySet<string> = new Set(["room_closed", "not_attached", "kit_closed"]);

/**
 * Writes calls and results into the room, in order and beside the reply: neither the model nor the tools wait for the room, so
 * a slow channel in it cannot hold a reply up, and a room that waits for the reply cannot hang on it. What has run is logged
 * even when the reply is cut off: the next turn must know of it.
 */
export class ToolLog {
  readonly #scope: Omit<ToolScope, "tools">;
  #tail: Promise<void> = Promise.resolve();

  constructor(scope: Omit<ToolScope, "tools">) {
    this.#scope = scope;
  }

  call(call: ToolCall): void {
    this.#append({ type: "tool-call", callId: call.id, name: call.name, arguments: call.arguments });
  }

  result(call: ToolCall, outcome: ToolOutcome): void {
    this.#append({
      type: "tool-result",
      callId: call.id,
      name: call.name,
      result: outcome.result,
      isError: outcome.isError,
    });
  }

  /** Something that happened by a call. */
  note(content: EventContent): void {
    this.#append(content, "system");
  }

  /** Waits until everything so far is written, for at most {@link LOG_TIMEOUT_MS}. Never throws. */
  async flushed(): Promise<void> {
    try {
      await withTimeout(this.#tail, LOG_TIMEOUT_MS, { clock: this.#scope.host.clock, what: "writing tool events" });
    } catch (error) {
      this.#warn(error);
    }
  }

  #append(content: EventContent, role: "assistant" | "system" = "assistant"): void {
    const { host, roomId, channelId, correlationId } = this.#scope;
    const correlated = correlationId === undefined ? {} : { correlationId };
    // No signal: the log keeps what happened, also when the turn it happened in is over.
    this.#tail = this.#tail
      .then(() => host.processInbound({ roomId, channelId, role, content, ...correlated }))
      .then(
        () => {},
        (error: unknown) => this.#warn(error),
      );
  }

  #warn(error: unknown): void {
    const { host, roomId, channelId } = this.#scope;
    const { code } = RoomKitError.from(error);
    // A room that closed meanwhile needs no more events.
    if (!OVER.has(code)) host.logger.warn({ roomId, channelId, code }, "a tool event was not logged");
  }
}
