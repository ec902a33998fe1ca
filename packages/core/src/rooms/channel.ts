import type { VoiceSession } from "../contracts/voice.ts";
import type { Unsubscribe } from "../events/emitter.ts";
import type { IdSource } from "../ids/ids.ts";
import type { Logger } from "../log/logger.ts";
import type { Clock } from "../time/clock.ts";
import type { Binding, ChannelCategory, Visibility } from "./binding.ts";
import type { EventContent, EventDraft, HeardRecord, RoomEvent } from "./event.ts";
import type { FrameworkEvents } from "./framework-events.ts";
import type { HookOutcome, HookPayloads, HookTrigger } from "./hooks.ts";
import type { KeptSession } from "./kept-sessions.ts";
import type { Room } from "./room.ts";
import type { EventQuery, Participant } from "./store.ts";

/** What somebody says into a room through a channel. */
export interface InboundMessage {
  readonly roomId: string;
  readonly channelId: string;
  readonly participantId?: string | undefined;
  readonly content: EventContent;
  /** Default `user`. */
  readonly role?: "user" | "assistant" | "system" | undefined;
  /** Who sees it, within what the channel's binding allows. Default: as the binding says. */
  readonly visibility?: Visibility | undefined;
  readonly idempotencyKey?: string | undefined;
  readonly correlationId?: string | undefined;
  /** Wall time it was said at; absent: now. */
  readonly createdAt?: number | undefined;
  /** For what was spoken to the caller outside of a reply: how much of it was heard. */
  readonly heard?: HeardRecord | undefined;
  readonly metadata?: Readonly<Record<string, unknown>> | undefined;
}

export interface InboundOptions {
  /** Gives the message up: before the commit nothing is stored, after it the answer is cancelled. */
  readonly signal?: AbortSignal | undefined;
  /**
   * Cancels only the answer (model and speech); the message itself is committed whatever happens. A speaker who interrupts the
   * reply to their own words comes this way: those words were said.
   */
  readonly replySignal?: AbortSignal | undefined;
  /** No intelligence is asked for a reply; it reads the message with the next one it answers. Default false. */
  readonly unanswered?: boolean | undefined;
  /** The session that speaks: a reply is for it first. */
  readonly session?: VoiceSession | undefined;
}

export type InboundResult =
  /** Committed; the event and all replies it caused are through (a streamed reply: heard to its end or cut off). */
  | { readonly status: "delivered"; readonly event: RoomEvent }
  /** Stored as blocked (hook, mute, access). */
  | { readonly status: "blocked"; readonly reason: string; readonly event?: RoomEvent | undefined }
  /** The same idempotency key again: the original event. */
  | { readonly status: "duplicate"; readonly event: RoomEvent };

/** What surrounds an event that is delivered to a channel. */
export interface DeliveryContext {
  readonly room: Room;
  readonly binding: Binding;
  /** The channel's own view: events it may see, up to and without this one, oldest first, at most 100. */
  history(): Promise<readonly RoomEvent[]>;
  /** Aborts when the turn that caused this delivery is cancelled, or the room closes. */
  readonly signal: AbortSignal;
  /** The session whose words caused this, when a voice session did. */
  readonly session?: VoiceSession | undefined;
  /** It was delivered before and never answered: see `ChannelHost.answerAgain`. `history` then gives what came after it, too. */
  readonly again?: boolean | undefined;
}

/** What surrounds an event that may never be. */
export interface PreparationContext extends DeliveryContext {
  /** Aborts when the preparation is of no use any more: what has not been used by then never will be. */
  readonly signal: AbortSignal;
  /** To be called when what was prepared is the reply; `earlierMs`: how much later it would have been begun otherwise. */
  readonly onUsed: (earlierMs: number) => void;
  /** To be called with the text of what is prepared, as it is made, until that is the reply or thrown away; `over`: there is no more. */
  readonly onText?: ((text: string, over: boolean) => void) | undefined;
}

/** For whom a reply is prepared, and for how long. */
export interface PrepareOptions extends Pick<PreparationContext, "onUsed"> {
  /** Ends the preparation. It must abort some time, after the message was said or when it will not be: until then the room remembers it. */
  readonly signal: AbortSignal;
  /** The session that speaks. */
  readonly session?: VoiceSession | undefined;
  /** Is given the text of what is prepared, as it is made, with the channel it comes from; `over`: there is no more. Nobody may hear or see it yet. */
  readonly onText?: ((text: string, over: boolean, channelId: string) => void) | undefined;
}

/** Who asks for words, and for how long. */
export interface ComposeOptions {
  readonly signal: AbortSignal;
  /** The session that they are for. */
  readonly session?: VoiceSession | undefined;
}

/** A reply that is still being made. */
export interface ReplyStream {
  /** Text as it comes; ends with the reply. Throws what ended it early. */
  readonly text: AsyncIterable<string>;
  /** Asked once, when the reply is in the room or will not be: events to append after it, one level deeper in the chain, as it is. */
  readonly after?: (() => readonly EventDraft[]) | undefined;
}

/** A reply on its way to listeners. */
export interface StreamedReply extends ReplyStream {
  /** May be read several times, also side by side: every reader gets the whole text, each at its own speed. */
  readonly text: AsyncIterable<string>;
  /** The channel that replies. */
  readonly channelId: string;
  /** The turn it answers. */
  readonly correlationId?: string | undefined;
}

/** What a channel answers to an event. */
export interface ChannelReply {
  /** Events to append after it, one level deeper in the chain. */
  readonly events?: readonly EventDraft[] | undefined;
  /** One reply spoken or written as it comes. */
  readonly stream?: ReplyStream | undefined;
}

/** How a streamed reply was received by one channel. */
export interface StreamDelivery {
  /** The text that reached the listener: what is committed as the event's text. */
  readonly text: string;
  /** Set by channels that speak. */
  readonly heard?: HeardRecord | undefined;
}

/**
 * A way in or out of rooms. A channel implements what applies to it; the kit calls nothing else. One channel serves many rooms,
 * so nothing of one room may live outside a map keyed by room or session.
 */
export interface Channel {
  readonly id: string;
  /** `voice`, `ai`, `realtime-voice`, ... */
  readonly kind: string;
  /** Its category where an attachment names none. */
  readonly category: ChannelCategory;
  /** Called once by `registerChannel`. */
  register(host: ChannelHost): void;
  /** Called before an attachment stands; throwing refuses it. */
  onAttached?(room: Room, binding: Binding): void | Promise<void>;
  /** No longer in the room, or the room closed: let go of what belongs to it. */
  onDetached?(roomId: string): void | Promise<void>;
  /** The binding changed (access, mute, visibility). */
  onBindingChanged?(binding: Binding): void;
  /** Every event the channel may read, in index order per room. Bounded by the kit's `deliveryTimeoutMs`; a `stream` it answers with is not. */
  onEvent?(event: RoomEvent, context: DeliveryContext): Promise<ChannelReply | undefined>;
  /**
   * Something that somebody is about to say, perhaps: intelligence may begin to make its reply, so that it has it when `onEvent` brings the
   * same. Nothing of that may be seen or heard before, nor change anything. The event has no id and no index of its own; nothing in the room
   * waits for this, and what it throws is logged and harms nobody.
   */
  prepareReply?(event: RoomEvent, context: PreparationContext): Promise<void>;
  /**
   * What it says upon something that is no event, as an instruction of the application's: words alone, which are said and logged by whoever asked. The event
   * has no id and no index of its own. Empty: nothing.
   */
  composeReply?(event: RoomEvent, context: DeliveryContext): Promise<string>;
  /** Brings an event to the channel's people; called after `onEvent` unless output is muted. Bounded by `deliveryTimeoutMs`: do not wait for long playback. */
  deliver?(event: RoomEvent, context: DeliveryContext): Promise<void>;
  /** Whether a streamed reply can be delivered to this room now. */
  canStream?(roomId: string): boolean;
  /**
   * Delivers a reply while it is made; resolves when it has been heard or cut off. A commit follows with the text it returns,
   * and `deliver` is not called for that event.
   */
  deliverStream?(reply: StreamedReply, context: DeliveryContext): Promise<StreamDelivery>;
  /** `kit.join` / `kit.leave` for channels that have sessions. */
  join?(session: VoiceSession): Promise<void>;
  leave?(session: VoiceSession, reason: string): Promise<void>;
  /** `kit.drain` for channels that have sessions. Resolves when none is left. */
  drain?(options: DrainOptions): Promise<void>;
  close(): Promise<void>;
}

/** How a process lets go of its calls. */
export interface DrainOptions {
  /** How long calls may go on to their own end, ms. */
  readonly timeoutMs: number;
  /** After that each is ended at its next pause, when nobody speaks and nothing is being answered; so long after it in any case, ms. */
  readonly handOverMs: number;
  /** Ends the waiting: what is there still is ended at once. */
  readonly signal?: AbortSignal | undefined;
}

/** What changes of a session while it is kept. */
export type SessionState = Pick<KeptSession, "tokens" | "transport" | "call">;

/** A session that is kept while it lasts. */
export interface KeepingSession {
  /** It has changed: it is written soon, or `now`. Costs nothing, and may be called often. */
  changed(now?: boolean): void;
  /** Writes it a last time; true: another process may go on with it, or does already. Never rejects. */
  handOver(): Promise<boolean>;
  /** It is over. False: it is another process's, as far as is known. Never rejects. */
  forget(): Promise<boolean>;
}

/** Sessions that outlive their process, for channels. */
export interface SessionKeeping {
  /** Keeps a session from now on. `read` is asked before each write; undefined: there is nothing to keep yet. */
  keep(session: VoiceSession, read: () => SessionState | undefined): KeepingSession;
  /**
   * Takes the room of the session that one of its client's tokens, hashed, stands for over from whichever process had it, makes the session anew and
   * joins it to its room. Undefined: there is none any more, or it is another channel's.
   *
   * @throws RoomKitError what the store, the leases or `make` throw.
   */
  takeOver(
    token: string,
    channelId: string,
    make: (kept: KeptSession) => Promise<VoiceSession>,
    signal: AbortSignal,
  ): Promise<VoiceSession | undefined>;
}

/** What the kit offers a channel. */
export interface ChannelHost {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly ids: IdSource;
  /**
   * Says something into a room on behalf of a channel, and resolves when all replies it caused are through. Called from
   * inside `onEvent`, `deliver` or a hook that the room waits for, it resolves at the commit instead, as waiting there would
   * be waiting for itself; such an event counts as one level deeper in the chain.
   *
   * @throws RoomKitError `unknown_room`, `room_closed`, `unknown_channel`, `not_attached`, `invalid_message`, `room_busy`,
   *   `timeout` (nothing stored), `aborted` (nothing stored), `chain_too_deep`, `kit_closed`.
   */
  processInbound(message: InboundMessage, options?: InboundOptions): Promise<InboundResult>;
  /**
   * The room's intelligence may begin to make its reply to this, which may be said soon: see `Channel.prepareReply`. Commits nothing, asks no
   * hook, waits for nothing and never throws. Does nothing in a room with BEFORE_BROADCAST hooks that may change or block what is said.
   */
  prepareReply(message: InboundMessage, options: PrepareOptions): void;
  /**
   * What the room's intelligence says upon a message that becomes no event: see `Channel.composeReply`. Commits nothing; whoever asks says the words, and
   * logs what was heard of them. Empty where nobody has anything to say.
   * @throws RoomKitError `aborted`, `invalid_message`, or what a channel throws.
   */
  composeReply(message: InboundMessage, options: ComposeOptions): Promise<string>;
  /**
   * The intelligence of a room answers an event that stands in its log already, with all that stands there after it: its process went before it was
   * answered. Resolves as {@link processInbound}. @throws RoomKitError `unknown_room`, `room_closed`, `kit_closed`.
   */
  answerAgain(event: RoomEvent, options: Pick<InboundOptions, "replySignal" | "session">): Promise<void>;
  /** Sessions that outlive their process; absent where the kit's store does not. */
  readonly sessions?: SessionKeeping | undefined;
  /** The binding of a channel in a room, kept current; undefined when not attached. Synchronous: the frame path asks. */
  binding(roomId: string, channelId: string): Binding | undefined;
  /** Who is, or was, in a room. */
  participants(roomId: string): Promise<readonly Participant[]>;
  /** The newest events a channel may see, oldest first. */
  timeline(roomId: string, channelId: string, query?: EventQuery): Promise<readonly RoomEvent[]>;
  /** True when any hook of this trigger would run: skip building a payload when not. */
  hasHooks(trigger: HookTrigger, roomId: string): boolean;
  /** True when a sync hook would run. */
  hasSyncHooks(trigger: HookTrigger, roomId: string): boolean;
  /** Runs sync hooks in order, then tells the async ones. */
  runHooks<K extends HookTrigger>(trigger: K, payload: HookPayloads[K], signal?: AbortSignal): Promise<HookOutcome<K>>;
  /** Tells all hooks of the trigger, waiting for none; failures are reported. */
  notifyHooks<K extends HookTrigger>(trigger: K, payload: HookPayloads[K]): void;
  emit<K extends keyof FrameworkEvents>(event: K, payload: FrameworkEvents[K]): void;
  on<K extends keyof FrameworkEvents>(event: K, listener: (payload: FrameworkEvents[K]) => unknown): Unsubscribe;
}
