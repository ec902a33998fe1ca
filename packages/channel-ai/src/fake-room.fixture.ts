import {
  type Binding,
  type ChannelHost,
  type DeliveryContext,
  type EventContent,
  type EventSource,
  type FrameworkEvents,
  type HookHandler,
  type HookOutcome,
  type HookPayloads,
  type HookTrigger,
  type InboundMessage,
  type InboundResult,
  type LogFields,
  type Participant,
  type RoomEvent,
  RoomKitError,
  sequentialIds,
} from "@roomkit/core";
import { settle, VirtualClock } from "@roomkit/testing";

type AnyHook = (payload: never, context: { signal: AbortSignal }) => unknown;

/** As much of a kit as an AI channel sees: one log per room, hooks, framework events. */
export class FakeHost implements ChannelHost {
  readonly clock: VirtualClock = new VirtualClock();
  readonly ids = sequentialIds();
  readonly logs: { level: string; fields: LogFields; message: string }[] = [];
  readonly logger = {
    debug: (fields: LogFields, message: string) => void this.logs.push({ level: "debug", fields, message }),
    info: (fields: LogFields, message: string) => void this.logs.push({ level: "info", fields, message }),
    warn: (fields: LogFields, message: string) => void this.logs.push({ level: "warn", fields, message }),
    error: (fields: LogFields, message: string) => void this.logs.push({ level: "error", fields, message }),
  };
  readonly events = new Map<string, RoomEvent[]>();
  readonly emitted: { event: string; payload: unknown }[] = [];
  readonly #hooks = new Map<string, AnyHook[]>();
  /** What a room does with an inbound message before it takes it: a slow or broken room. */
  beforeInbound: (message: InboundMessage) => Promise<void> = async () => {};

  hook<K extends HookTrigger>(trigger: K, handler: HookHandler<K>): void {
    this.#hooks.set(trigger, [...(this.#hooks.get(trigger) ?? []), handler as AnyHook]);
  }

  log(roomId: string): RoomEvent[] {
    const log = this.events.get(roomId) ?? [];
    this.events.set(roomId, log);
    return log;
  }

  add(roomId: string, content: EventContent, source: EventSource, more: Partial<RoomEvent> = {}): RoomEvent {
    const log = this.log(roomId);
    const index = log.length;
    const event: RoomEvent = {
      id: `event_${roomId}_${index}`,
      roomId,
      index,
      status: "delivered",
      chainDepth: 0,
      visibility: "all",
      createdAt: index,
      content,
      source,
      ...more,
    };
    log.push(event);
    return event;
  }

  user(roomId: string, text: string, more: Partial<RoomEvent> = {}): RoomEvent {
    return this.add(roomId, { type: "text", text }, { channelId: "voice", role: "user" }, more);
  }

  assistant(roomId: string, text: string, more: Partial<RoomEvent> = {}): RoomEvent {
    return this.add(roomId, { type: "text", text }, { channelId: "ai", role: "assistant" }, more);
  }

  context(
    event: RoomEvent,
    signal: AbortSignal = new AbortController().signal,
    more: Partial<DeliveryContext> = {},
  ): DeliveryContext {
    const { roomId, index } = event;
    return {
      room: {
        id: roomId,
        status: "active",
        createdAt: 0,
        lastActivityAt: 0,
        eventCount: 0,
        timers: {},
        metadata: {},
        version: 1,
      },
      binding: this.binding(roomId, "ai"),
      history: async () => this.log(roomId).filter((other) => other.index < index),
      signal,
      ...more,
    };
  }

  async answerAgain(): Promise<void> {}

  binding(roomId: string, channelId: string): Binding {
    return {
      roomId,
      channelId,
      category: "intelligence",
      access: "read_write",
      muted: false,
      outputMuted: false,
      visibility: "all",
      metadata: {},
    };
  }

  async processInbound(message: InboundMessage): Promise<InboundResult> {
    await this.beforeInbound(message);
    const { roomId, channelId, content, role = "user", correlationId } = message;
    const event = this.add(roomId, content, { channelId, role }, correlationId === undefined ? {} : { correlationId });
    return { status: "delivered", event };
  }

  prepareReply(): void {}
  async composeReply(): Promise<string> {
    return "";
  }

  people: Participant[] = [];
  async participants(): Promise<readonly Participant[]> {
    return this.people;
  }

  async timeline(roomId: string): Promise<readonly RoomEvent[]> {
    return this.log(roomId);
  }

  hasHooks(trigger: HookTrigger): boolean {
    return (this.#hooks.get(trigger)?.length ?? 0) > 0;
  }

  hasSyncHooks(trigger: HookTrigger): boolean {
    return this.hasHooks(trigger);
  }

  async runHooks<K extends HookTrigger>(
    trigger: K,
    payload: HookPayloads[K],
    signal: AbortSignal = new AbortController().signal,
  ): Promise<HookOutcome<K>> {
    let current = payload;
    for (const hook of this.#hooks.get(trigger) ?? []) {
      const result = (await (hook as HookHandler<K>)(current, { signal })) ?? { action: "allow" };
      if (result.action === "block") {
        return { allowed: false, payload: current, hook: trigger, reason: result.reason ?? "" };
      }
      if (result.action === "modify") current = { ...current, ...result.payload };
    }
    return { allowed: true, payload: current };
  }

  notifyHooks<K extends HookTrigger>(trigger: K, payload: HookPayloads[K]): void {
    for (const hook of this.#hooks.get(trigger) ?? [])
      void hook(payload as never, { signal: new AbortController().signal });
  }

  emit<K extends keyof FrameworkEvents>(event: K, payload: FrameworkEvents[K]): void {
    this.emitted.push({ event, payload });
  }

  on(): () => void {
    return () => {};
  }
}

/** Reads a reply to its end. */
export async function read(text: AsyncIterable<string>): Promise<string> {
  let all = "";
  for await (const piece of text) all += piece;
  return all;
}

/** The RoomKitError a promise rejects with. */
export async function rejection(promise: Promise<unknown>): Promise<RoomKitError> {
  try {
    await promise;
  } catch (error) {
    if (RoomKitError.is(error)) return error;
    throw new Error(`rejected with something else: ${String(error)}`);
  }
  throw new Error("it did not reject");
}

export { settle };
