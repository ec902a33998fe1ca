import type { CallRoom } from "@roomkit/call";
import { type ChannelHost, type RealtimeSession, RoomKitError, type ToolCall, type VoiceSession } from "@roomkit/core";
import { type Handoff, handoffContent, runTool, ToolLog, type ToolScope } from "@roomkit/tools";
import { type Assistant, Assistants } from "./assistants.ts";

/** What the calls of a channel's sessions have in common. */
export interface CallTools extends Pick<ToolScope, "toolLimits" | "lifetime"> {
  /** By name; the first is the one a session begins with. */
  readonly assistants: ReadonlyMap<string, Assistant>;
  readonly maxHandoffs: number;
}

export interface ToolCallsOptions {
  readonly host: ChannelHost;
  readonly room: CallRoom;
  readonly session: VoiceSession;
  readonly channelId: string;
  readonly provider: RealtimeSession;
  /** The provider can change a running session. */
  readonly changeable: boolean;
  readonly tools: CallTools;
}

/** The calls of one session's model, from their arrival to their result, and who its model is. */
export class ToolCalls {
  readonly assistants: Assistants;
  readonly #options: ToolCallsOptions;
  readonly #scope: Omit<ToolScope, "tools">;
  readonly #log: ToolLog;
  readonly #lifetime = new AbortController();
  readonly #running = new Map<string, AbortController>();
  /** Calls whose time has not come, and that have not been taken back. */
  readonly #waiting = new Set<string>();
  #closed = false;

  constructor(options: ToolCallsOptions) {
    this.#options = options;
    const { host, room, session, channelId, provider, changeable, tools } = options;
    const { assistants, maxHandoffs, toolLimits, lifetime } = tools;
    const scope = { ...{ host, channelId, session, toolLimits, lifetime }, roomId: session.roomId };
    this.#log = new ToolLog(scope);
    this.assistants = new Assistants({
      ...{ provider, assistants, changeable, maxHandoffs, clock: room.clock, logger: room.logger },
      onPassed: (handoff: Handoff) => this.#log.note(handoffContent(handoff)),
    });
    this.#scope = { ...scope, handOff: (request, signal) => this.assistants.handOff(request, signal) };
  }

  /** Whether any tool runs. */
  get running(): boolean {
    return this.#running.size > 0;
  }

  /** A call of who speaks now; gives back what runs it, when its time has come. */
  arrived({ id, name, arguments: args }: ToolCall): () => void {
    const { tools } = this.assistants;
    this.#waiting.add(id);
    return () => {
      if (this.#waiting.delete(id)) void this.#run({ id, name, arguments: args }, { ...this.#scope, tools });
    };
  }

  /** The model takes a call back. */
  takeBack(callId: string): void {
    this.#waiting.delete(callId);
    const running = this.#running.get(callId);
    // The caller is heard again, whatever the tool makes of it.
    this.#running.delete(callId);
    running?.abort(new RoomKitError("aborted", "the model took the call back"));
  }

  close(): void {
    this.#closed = true;
    this.assistants.close();
    this.#lifetime.abort(new RoomKitError("aborted", "the session is over"));
    this.#running.clear();
    this.#waiting.clear();
  }

  async #run(call: ToolCall, scope: ToolScope): Promise<void> {
    const { room, channelId, provider, session } = this.#options;
    const { roomId } = session;
    if (this.#closed) return;
    const controller = new AbortController();
    const signal = AbortSignal.any([controller.signal, this.#lifetime.signal]);
    this.#running.set(call.id, controller);
    this.#log.call(call);
    // What really became of it, also when it is called off: a model that took it for undone would do it twice.
    const startedAt = room.clock.now();
    const outcome = await runTool(call, scope, signal);
    const { result, isError, ran = call } = outcome;
    this.#running.delete(call.id);
    this.#log.result(call, outcome);
    const durationMs = Math.round(room.clock.now() - startedAt);
    room.notifyHooks("ON_TOOL_CALL", { roomId, channelId, call: ran, result, isError, durationMs });
    // The provider is told something in any case, or it waits for ever; but not that what it has taken back was not done.
    if (this.#closed || outcome.undone) return;
    provider.submitToolResult(call.id, result, isError ? { isError } : {});
  }
}
