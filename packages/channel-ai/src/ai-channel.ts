import {
  assertOptions,
  type Binding,
  type Channel,
  type ChannelHost,
  type ChannelReply,
  type DeliveryContext,
  type EventDraft,
  eventText,
  type PreparationContext,
  PreparedGeneration,
  type ReplyStream,
  type Room,
  type RoomEvent,
  RoomKitError,
  saidTrue,
  untilAborted,
  withTimeout,
} from "@roomkit/core";
import { type Handoff, type HandoffRequest, handoffContent, ToolSet } from "@roomkit/tools";
import { buildMessages, systemNote } from "./history/messages.ts";
import { namesIn, severalPeople } from "./history/speakers.ts";
import { trimMessages } from "./history/trim.ts";
import { type AIChannelOptions, type ResolvedOptions, resolveOptions } from "./options.ts";
import { announceReply, ReplyAccount } from "./reply/account.ts";
import { generateReply, makeRequest } from "./reply/generate.ts";
import { ReplyText } from "./reply/reply-text.ts";
import { askModel } from "./reply/round.ts";
import type { Instructions, Turn } from "./reply/turn.ts";

/** How long reading the history, or an application's `system` function, may take. */
const PREPARE_TIMEOUT_MS = 10_000;

/**
 * A model as a member of rooms: it answers what people say, from what it may see of the room's log, with text that is made
 * while it is spoken, and with tools. It keeps nothing between replies: whatever it knows of a room it reads from the room.
 */
export class AIChannel implements Channel {
  readonly id: string;
  readonly kind = "ai";
  readonly category = "intelligence";
  readonly #options: ResolvedOptions;
  readonly #tools: ToolSet;
  /** Replies being read, and whose room they are in: what a detachment or `close` must stop. */
  readonly #running = new Map<ReplyText, string>();
  /** Until when it is worth knowing what became of a call, by room. */
  readonly #lifetimes = new Map<string, AbortController>();
  /** The newest reply that was prepared and is not asked for yet, by room. */
  readonly #prepared = new Map<string, PreparedGeneration>();
  #host: ChannelHost | undefined;
  #closed = false;

  /** @throws RoomKitError `invalid_option`. */
  constructor(id: string, options: AIChannelOptions) {
    assertOptions("AIChannel", options, {
      required: ["provider"],
      string: ["system", "fallbackText", "interruptionNote"],
      number: [
        "toolTimeoutMs",
        "maxToolRounds",
        "maxToolCallsPerRound",
        "maxIdenticalCalls",
        "toolResultMaxLength",
        "historyEvents",
        "maxHistoryChars",
        "temperature",
        "maxOutputTokens",
        "firstTokenTimeoutMs",
        "stallTimeoutMs",
        "maxReplyChars",
        "retryDelayMs",
      ],
      oneOf: { fallbackText: [false], interruptionNote: [false], speakers: ["several", "always", "never"] },
      boolean: ["retry"],
      function: ["system", "respondTo"],
      object: ["provider", "providerOptions", "floor"],
      objects: ["tools"],
    });
    if (typeof id !== "string" || id === "") throw new RoomKitError("invalid_option", "a channel needs an id");
    this.id = id;
    this.#options = resolveOptions(options);
    this.#tools = new ToolSet(options.tools ?? []);
  }

  /** Replies being generated now, in all rooms. */
  get activeReplies(): number {
    return this.#running.size;
  }

  register(host: ChannelHost): void {
    this.#host = host;
    this.#options.floor?.join(this.id, host);
  }

  onAttached(room: Room): void {
    this.#options.floor?.entered(room.id, this.id);
  }

  onBindingChanged({ roomId }: Binding): void {
    this.#options.floor?.changed(roomId, this.id);
  }

  async onDetached(roomId: string): Promise<void> {
    const reason = new RoomKitError("aborted", "the channel was detached");
    this.#options.floor?.left(roomId, this.id);
    this.#prepared.get(roomId)?.discard();
    this.#lifetimes.get(roomId)?.abort(reason);
    this.#lifetimes.delete(roomId);
    await this.#cancel(
      [...this.#running].filter(([, room]) => room === roomId).map(([reply]) => reply),
      reason,
    );
  }

  /**
   * Answers an event, or does not: its own events, what is no text, roles it is not to answer, and what a
   * BEFORE_AI_GENERATION hook blocks. The model is asked only when the reply's text is read.
   *
   * What the application's functions throw fails the reply, as a model that fails does.
   *
   * @throws RoomKitError `not_registered` or `aborted`.
   */
  async onEvent(event: RoomEvent, context: DeliveryContext): Promise<ChannelReply | undefined> {
    const host = this.#host;
    if (!host) throw new RoomKitError("not_registered", `channel ${this.id} is not registered with a kit`);
    if (this.#closed) return undefined;
    const wanted = this.#wanted(event, context);
    if (!wanted) return undefined;
    if (event.source.role === "user") this.#options.floor?.heard(context.room.id);
    const asked = wanted.failure ? wanted : await this.#asked(context, host);
    return asked && { stream: this.#reply(host, event, context, asked) };
  }

  /**
   * Words upon an instruction of the application's, which the model reads as a note: no tools, and no `fallbackText` where it fails. Hooks as for any
   * reply; what a BEFORE_AI_GENERATION hook blocks is empty.
   *
   * @throws RoomKitError as {@link onEvent}.
   */
  async composeReply(event: RoomEvent, context: DeliveryContext): Promise<string> {
    const host = this.#host;
    const { floor } = this.#options;
    if (!host || this.#closed || (floor && floor.holder(context.room.id) !== this.id)) return "";
    const asked = await this.#asked(context, host);
    if (!asked) return "";
    const note: RoomEvent = { ...event, content: { type: "text", text: systemNote(eventText(event)) } };
    const options = { ...this.#options, maxToolRounds: 0, fallbackText: false } as const;
    let words = "";
    for await (const text of this.#reply(host, note, context, asked, options).text) words += text;
    return words.trim();
  }

  /**
   * Begins to make the reply to what may be said soon. No tool is run for it, nothing of it is told, and it is used only if the model is then to be
   * asked the very same; one for each room, the newest. Not where an application writes or may change the instructions of a reply.
   */
  async prepareReply(event: RoomEvent, context: PreparationContext): Promise<void> {
    const host = this.#host;
    const roomId = context.room.id;
    const { system } = this.#options;
    if (!host || this.#closed || typeof system === "function" || host.hasHooks("BEFORE_AI_GENERATION", roomId)) return;
    if (!this.#isForMe(event, context)) return;
    const scope = { host, roomId, system, tools: this.#tools, options: this.#options };
    const prepared: PreparedGeneration = new PreparedGeneration({
      clock: host.clock,
      signal: context.signal,
      generate: (request, signal) => askModel(scope, request, signal),
      onText: context.onText,
      onEnd: (earlierMs) => {
        if (this.#prepared.get(roomId) === prepared) this.#prepared.delete(roomId);
        const used = earlierMs !== undefined;
        if (used) context.onUsed(earlierMs);
        host.emit("reply_prepared", { roomId, channelId: this.id, session: context.session, used });
      },
    });
    this.#prepared.get(roomId)?.discard();
    this.#prepared.set(roomId, prepared);
    try {
      prepared.begin(makeRequest(scope, await this.#read(event, context, host, context.signal)));
    } catch (error) {
      prepared.discard();
      throw error;
    } finally {
      if (prepared.over && this.#prepared.get(roomId) === prepared) this.#prepared.delete(roomId);
    }
  }

  /** Stops every reply and waits until nothing of them runs. The provider is the application's to close. */
  async close(): Promise<void> {
    this.#closed = true;
    const reason = new RoomKitError("aborted", "the channel was closed");
    for (const prepared of [...this.#prepared.values()]) prepared.discard();
    for (const lifetime of this.#lifetimes.values()) lifetime.abort(reason);
    this.#lifetimes.clear();
    await this.#cancel([...this.#running.keys()], reason);
  }

  /** Whether it is to be answered; what a user said is answered with the apology where `respondTo` throws, or does not say at once. */
  #wanted(event: RoomEvent, context: DeliveryContext): Instructions | undefined {
    try {
      return this.#isForMe(event, context) ? {} : undefined;
    } catch (cause) {
      if (event.source.role !== "user") throw cause;
      return { failure: new RoomKitError("respond_to_failed", `respondTo of ${this.id} failed`, { cause }) };
    }
  }

  #isForMe(event: RoomEvent, context: DeliveryContext): boolean {
    if (event.source.channelId === this.id || event.status !== "delivered") return false;
    const { floor, respondTo } = this.#options;
    if (floor?.calls(this.id, event)) return true;
    if (floor && floor.holder(event.roomId) !== this.id) return false;
    return eventText(event).trim() !== "" && saidTrue(respondTo(event, context), `respondTo of ${this.id}`);
  }

  /** The instructions of a reply, as hooks leave them, or why there are none; undefined: there is to be no reply. */
  async #asked(context: DeliveryContext, host: ChannelHost): Promise<Instructions | undefined> {
    let system: string | undefined;
    try {
      system = await this.#system(context, host);
    } catch (error) {
      if (context.signal.aborted) throw error;
      return { failure: RoomKitError.from(error) };
    }
    const roomId = context.room.id;
    if (!host.hasHooks("BEFORE_AI_GENERATION", roomId)) return { system };
    const asked = host.runHooks("BEFORE_AI_GENERATION", { roomId, channelId: this.id, system }, context.signal);
    const { allowed, payload } = await untilAborted(asked, context.signal);
    if (!allowed) return undefined;
    // A hook may answer anything in a field that was empty.
    return { system: typeof payload.system === "string" ? payload.system : system };
  }

  async #system(context: DeliveryContext, host: ChannelHost): Promise<string | undefined> {
    const { system } = this.#options;
    if (typeof system !== "function") return system;
    const { room, binding, session } = context;
    const failed = (why: string, cause?: unknown): RoomKitError =>
      new RoomKitError("instructions_failed", `the system function of ${this.id} ${why}`, { cause });
    const written = Promise.resolve()
      .then(() => system({ room, binding, session }))
      .catch((cause: unknown) => {
        throw failed("threw", cause);
      });
    const text: unknown = await withTimeout(written, PREPARE_TIMEOUT_MS, {
      clock: host.clock,
      signal: context.signal,
      what: "writing the instructions",
    });
    if (text === undefined || typeof text === "string") return text;
    throw failed(`gave ${text === null ? "null" : `a value of the type ${typeof text}`}, and no string`);
  }

  /** @param alone the options of words that answer no event */
  #reply(
    host: ChannelHost,
    event: RoomEvent,
    context: DeliveryContext,
    { system, failure }: Instructions,
    alone?: ResolvedOptions,
  ): ReplyStream {
    const roomId = context.room.id;
    const { floor } = this.#options;
    let handoff: Handoff | undefined;
    const handOff = async (request: HandoffRequest, signal: AbortSignal): Promise<string> => {
      if (!floor) throw new RoomKitError("handoff_unsupported", "this channel shares its floor with nobody");
      handoff = await floor.pass(request, {
        roomId,
        from: this.id,
        signal,
        history: async () => [...(await context.history()), event],
      });
      return `The conversation is with ${request.to} now. Say nothing more.`;
    };
    const account = new ReplyAccount();
    const startedAt = host.clock.now();
    let prepared: PreparedGeneration | undefined;
    const make = (signal: AbortSignal): AsyncGenerator<string> => {
      if (this.#closed) throw new RoomKitError("aborted", "the channel was closed");
      this.#running.set(reply, roomId);
      if (!alone) {
        prepared = this.#prepared.get(roomId);
        this.#prepared.delete(roomId);
      }
      const turn: Turn = {
        host,
        channelId: this.id,
        roomId,
        system,
        tools: this.#tools,
        lifetime: this.#lifetime(roomId),
        toolLimits: { timeoutMs: this.#options.toolTimeoutMs, resultMaxLength: this.#options.toolResultMaxLength },
        options: alone ?? this.#options,
        messages: () => (failure ? Promise.reject(failure) : this.#read(event, context, host, signal)),
        prepared,
        handOff,
        passed: () => handoff !== undefined,
        session: context.session,
        correlationId: event.correlationId,
      };
      return generateReply(turn, account, signal);
    };
    const reply: ReplyText = new ReplyText(make, context.signal, () => {
      this.#running.delete(reply);
      prepared?.discard();
      const { provider } = this.#options;
      const of = { roomId, channelId: this.id, turnId: event.correlationId, provider: provider.name };
      announceReply(host, account, { ...of, durationMs: Math.round(host.clock.now() - startedAt) });
    });
    const after = (): EventDraft[] =>
      handoff ? [{ content: handoffContent(handoff), source: { channelId: this.id, role: "system" } }] : [];
    return { text: reply, after };
  }

  #lifetime(roomId: string): AbortSignal {
    const lifetime = this.#lifetimes.get(roomId) ?? new AbortController();
    this.#lifetimes.set(roomId, lifetime);
    return lifetime.signal;
  }

  /** What the model is shown of the conversation. */
  async #read(
    event: RoomEvent,
    context: DeliveryContext,
    host: ChannelHost,
    signal: AbortSignal,
  ): Promise<ReturnType<typeof trimMessages>> {
    const { clock } = host;
    const what = "reading the room's history";
    const history = await withTimeout(context.history(), PREPARE_TIMEOUT_MS, { clock, signal, what });
    const { historyEvents, maxHistoryChars, interruptionNote, speakers } = this.#options;
    const tools = this.#tools.definitions.length > 0;
    const newest = historyEvents === 0 ? [] : history.slice(-historyEvents);
    const people = speakers !== "never" && severalPeople([...newest, event]);
    const names = people
      ? await withTimeout(namesIn(host, event.roomId), PREPARE_TIMEOUT_MS, { clock, signal, what })
      : undefined;
    const { again } = context;
    const shown = buildMessages(newest, event, { channelId: this.id, tools, interruptionNote, speakers, names, again });
    return trimMessages(shown, maxHistoryChars);
  }

  async #cancel(replies: readonly ReplyText[], reason: RoomKitError): Promise<void> {
    await Promise.all(replies.map((reply) => reply.cancel(reason)));
  }
}
