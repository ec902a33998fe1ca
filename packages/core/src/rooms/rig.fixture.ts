import { VirtualClock } from "@roomkit/testing";
import type { VoiceSession } from "../contracts/voice.ts";
import { sequentialIds } from "../ids/ids.ts";
import { silentLogger } from "../log/logger.ts";
import type { ChannelCategory } from "./binding.ts";
import type {
  Channel,
  ChannelHost,
  ChannelReply,
  DeliveryContext,
  InboundOptions,
  InboundResult,
  StreamDelivery,
  StreamedReply,
} from "./channel.ts";
import { eventText, type RoomEvent } from "./event.ts";
import type { FrameworkEvents } from "./framework-events.ts";
import { RoomKit } from "./kit.ts";
import { MemoryStore } from "./memory-store.ts";
import type { AttachOptions, RoomKitOptions } from "./options.ts";

/** A channel that notes what it gets and does what a test tells it to. */
export class TestChannel implements Channel {
  readonly id: string;
  readonly kind = "test";
  readonly category: ChannelCategory;
  /** Texts given to `onEvent`, and to `deliver`. */
  readonly read: string[] = [];
  readonly delivered: string[] = [];
  readonly contexts: DeliveryContext[] = [];
  readonly calls: string[] = [];
  /** What `onEvent` does beside noting; the event's own words are for people, so only texts arrive here. */
  answer: (event: RoomEvent, context: DeliveryContext) => ChannelReply | undefined | Promise<ChannelReply | undefined> =
    () => undefined;
  onDeliver: (event: RoomEvent, context: DeliveryContext) => void | Promise<void> = () => {};
  /** Set: the channel takes streams. */
  listen: ((reply: StreamedReply, context: DeliveryContext) => Promise<StreamDelivery>) | undefined;
  attach: () => void | Promise<void> = () => {};
  onJoin: (session: VoiceSession) => void | Promise<void> = () => {};
  onClose: () => void | Promise<void> = () => {};
  host!: ChannelHost;

  constructor(id: string, category: ChannelCategory = "transport") {
    this.id = id;
    this.category = category;
  }

  register(host: ChannelHost): void {
    this.host = host;
  }

  async onAttached(): Promise<void> {
    this.calls.push("attached");
    await this.attach();
  }

  onDetached(): void {
    this.calls.push("detached");
  }

  onBindingChanged(binding: { readonly muted: boolean; readonly access: string }): void {
    this.calls.push(`changed ${binding.access}${binding.muted ? " muted" : ""}`);
  }

  async onEvent(event: RoomEvent, context: DeliveryContext): Promise<ChannelReply | undefined> {
    this.read.push(eventText(event));
    this.contexts.push(context);
    return await this.answer(event, context);
  }

  async deliver(event: RoomEvent, context: DeliveryContext): Promise<void> {
    this.delivered.push(eventText(event));
    await this.onDeliver(event, context);
  }

  canStream(): boolean {
    return this.listen !== undefined;
  }

  async deliverStream(reply: StreamedReply, context: DeliveryContext): Promise<StreamDelivery> {
    if (!this.listen) throw new Error("does not listen");
    return await this.listen(reply, context);
  }

  async join(session: VoiceSession): Promise<void> {
    this.calls.push(`join ${session.id}`);
    await this.onJoin(session);
  }

  async leave(session: VoiceSession, reason: string): Promise<void> {
    this.calls.push(`leave ${session.id}: ${reason}`);
  }

  async close(): Promise<void> {
    this.calls.push("closed");
    await this.onClose();
  }
}

/** Anything with a beginning and a maybe later end, to be looked at without waiting. */
export interface Watched<T> {
  state: "pending" | "done" | "failed";
  value?: T | undefined;
  /** The code of a RoomKitError, or the message of another error. */
  error?: string | undefined;
}

export function watch<T>(promise: Promise<T>): Watched<T> {
  const watched: Watched<T> = { state: "pending" };
  promise.then(
    (value) => Object.assign(watched, { state: "done", value }),
    (error: Error & { code?: string | undefined }) =>
      Object.assign(watched, { state: "failed", error: error.code ?? error.message }),
  );
  return watched;
}

/** A promise to open by hand. */
export function gate<T = void>(): { readonly promise: Promise<T>; open(value: T): void; fail(error: unknown): void } {
  let open = (_: T): void => {};
  let fail = (_: unknown): void => {};
  const promise = new Promise<T>((resolve, reject) => {
    open = resolve;
    fail = reject;
  });
  return { promise, open: (value) => open(value), fail: (error) => fail(error) };
}

/** A kit on virtual time with one room, `room`, and whatever channels a test asks for. */
export class Rig {
  readonly clock: VirtualClock = new VirtualClock();
  readonly store: MemoryStore;
  readonly kit: RoomKit;
  readonly reports: { readonly name: string; readonly payload: Record<string, unknown> }[] = [];

  constructor(options: RoomKitOptions = {}) {
    this.store = (options.store as MemoryStore | undefined) ?? new MemoryStore();
    this.kit = new RoomKit({
      clock: this.clock,
      ids: sequentialIds(),
      logger: silentLogger,
      store: this.store,
      ...options,
    });
    for (const name of REPORTED) {
      this.kit.on(name, (payload) =>
        this.reports.push({ name, payload: payload as unknown as Record<string, unknown> }),
      );
    }
  }

  /** A rig whose room has these channels; `ai...` are intelligence. */
  static async with<const C extends string>(
    channels: readonly C[],
    options: RoomKitOptions = {},
  ): Promise<Rig & Record<C, TestChannel>> {
    const rig = new Rig(options) as Rig & Record<C, TestChannel>;
    await rig.kit.createRoom({ id: "room" });
    for (const id of channels) Object.assign(rig, { [id]: await rig.add(id) });
    return rig;
  }

  async add(id: string, options: AttachOptions = {}): Promise<TestChannel> {
    const channel = new TestChannel(id, id.startsWith("ai") ? "intelligence" : "transport");
    this.kit.registerChannel(channel);
    await this.kit.attachChannel("room", id, options);
    return channel;
  }

  say(
    channelId: string,
    text: string,
    options: InboundOptions & { readonly key?: string | undefined } = {},
  ): Promise<InboundResult> {
    const { key, ...rest } = options;
    return this.kit.processInbound(
      {
        roomId: "room",
        channelId,
        content: { type: "text", text },
        idempotencyKey: key,
      },
      rest,
    );
  }

  /** The log without what the system wrote: `index channel: text` and why it was blocked. */
  async log(): Promise<string[]> {
    const events = await this.store.readEvents("room");
    return events
      .filter(({ content }) => content.type !== "system")
      .map(
        (event) => `${event.source.channelId}: ${eventText(event)}${event.blockedBy ? ` (${event.blockedBy})` : ""}`,
      );
  }

  async events(): Promise<readonly RoomEvent[]> {
    return (await this.store.readEvents("room")).filter(({ content }) => content.type !== "system");
  }

  /** What was reported under a name. */
  reported(name: keyof FrameworkEvents): Record<string, unknown>[] {
    return this.reports.filter((report) => report.name === name).map(({ payload }) => payload);
  }
}

/** Pieces of text that come at once. */
export async function* pieces(...texts: string[]): AsyncGenerator<string> {
  for (const text of texts) yield text;
}

/** Reads a whole stream. */
export async function readAll(text: AsyncIterable<string>): Promise<string> {
  let whole = "";
  for await (const piece of text) whole += piece;
  return whole;
}

const REPORTED: readonly (keyof FrameworkEvents)[] = [
  "room_created",
  "room_paused",
  "room_closed",
  "room_archived",
  "room_refused_event",
  "room_fenced",
  "channel_attached",
  "channel_detached",
  "event_processed",
  "event_blocked",
  "process_timeout",
  "chain_depth_exceeded",
  "delivery_failed",
  "hook_error",
  "hook_timeout",
  "ai_error",
];
