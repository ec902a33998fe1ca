import type { VoiceSession } from "../contracts/voice.ts";
import { assertOptions } from "../errors/assert-options.ts";
import { RoomKitError } from "../errors/error.ts";
import type { Unsubscribe } from "../events/emitter.ts";
import type { Access, Binding, Visibility } from "./binding.ts";
import type { Channel, ChannelHost, DrainOptions, InboundMessage, InboundOptions, InboundResult } from "./channel.ts";
import { closeKit } from "./engine/close.ts";
import { createEngine, createHost } from "./engine/create.ts";
import type { Engine } from "./engine/engine.ts";
import { appDraft, postEvent, postMessage } from "./engine/inbound.ts";
import * as lifecycle from "./engine/lifecycle.ts";
import { loadRoom } from "./engine/locked.ts";
import * as membership from "./engine/membership.ts";
import * as participants from "./engine/participants.ts";
import { ProactiveDelivery } from "./engine/proactive.ts";
import { forgetSession, joinRoom, leaveRoom } from "./engine/sessions.ts";
import type { RoomEvent } from "./event.ts";
import type { FrameworkEvents } from "./framework-events.ts";
import type { HookHandler, HookHandlers, HookOptions, HookTrigger } from "./hooks.ts";
import type {
  AppEvent,
  AttachOptions,
  CreateRoomOptions,
  DeliverOptions,
  ParticipantInput,
  ParticipantPatch,
  RoomKitOptions,
} from "./options.ts";
import type { Room, RoomTimers } from "./room.ts";
import type { EventQuery, Participant } from "./store.ts";

/**
 * Rooms in which people and intelligence talk through channels. This class is the front desk; what it does lives in `engine/`.
 * Methods that take a room throw RoomKitError `unknown_room`; those that change one also `room_closed`, `kit_closed`, and
 * `timeout` when the room is not free within `processTimeoutMs`.
 */
export class RoomKit {
  readonly #engine: Engine;
  readonly #host: ChannelHost;
  readonly #proactive: ProactiveDelivery;
  #closing: Promise<void> | undefined;

  /** @throws RoomKitError `invalid_option`, also for a shared store with leases of this process only. */
  constructor(options: RoomKitOptions = {}) {
    assertOptions("RoomKit", options, {
      number: [
        "maxChainDepth",
        "processTimeoutMs",
        "deliveryTimeoutMs",
        "streamIdleTimeoutMs",
        "streamDeliveryTimeoutMs",
        "closeTimeoutMs",
        "maxReplyChars",
        "maxPendingDeliveries",
        "leaseTtlMs",
        "keptSessionMs",
        "storeTimeoutMs",
        "maxKeptEvents",
        "maxKeptLength",
      ],
      function: ["ids"],
      object: ["store", "leases", "clock", "logger"],
      string: ["owner"],
      boolean: ["keepSessions"],
    });
    this.#engine = createEngine(options);
    this.#host = createHost(this.#engine);
    this.#proactive = new ProactiveDelivery(this.#engine);
    this.#engine.events.on("voice_session_ended", ({ session }) => forgetSession(this.#engine, session));
  }

  // rooms ---------------------------------------------------------------------------------------------

  createRoom(options: CreateRoomOptions = {}): Promise<Room> {
    return lifecycle.createRoom(this.#engine, options);
  }

  /** The room as it stands, or undefined. */
  async getRoom(roomId: string): Promise<Room | undefined> {
    return await this.#engine.store.getRoom(roomId);
  }

  /** Ends what is going on in a room and refuses everything from now on; reading stays possible. Idempotent. */
  closeRoom(roomId: string): Promise<Room> {
    return lifecycle.closeRoom(this.#engine, roomId);
  }

  /** Marks a room as quiet; the next event makes it active again. */
  pauseRoom(roomId: string): Promise<Room> {
    return lifecycle.setPaused(this.#engine, roomId, true);
  }

  resumeRoom(roomId: string): Promise<Room> {
    return lifecycle.setPaused(this.#engine, roomId, false);
  }

  /** Closes a room and puts it away. */
  archiveRoom(roomId: string): Promise<Room> {
    return lifecycle.archiveRoom(this.#engine, roomId);
  }

  /** Replaces a room's timers. They run by themselves, in every room used or made since this kit was. */
  setTimers(roomId: string, timers: RoomTimers): Promise<Room> {
    return lifecycle.setTimers(this.#engine, roomId, timers);
  }

  /** Does at once what a room's timers ask for. */
  checkRoomTimers(roomId: string): Promise<Room> {
    return lifecycle.checkTimers(this.#engine, roomId);
  }

  /** Likewise for all rooms in the store: once after a restart, and their timers run on. Returns the rooms that changed. */
  checkAllTimers(): Promise<readonly Room[]> {
    return lifecycle.checkAllTimers(this.#engine);
  }

  // channels ------------------------------------------------------------------------------------------

  /** @throws RoomKitError `channel_exists`, `invalid_option`, `kit_closed`, or what the channel's `register` throws. */
  registerChannel(channel: Channel): void {
    membership.addChannel(this.#engine, channel);
    try {
      channel.register(this.#host);
    } catch (error) {
      this.#engine.channels.delete(channel.id);
      throw error;
    }
  }

  /** Takes a channel out of all rooms and out of the kit. It is not closed: it is yours again. */
  async unregisterChannel(channelId: string): Promise<Channel | undefined> {
    const channel = this.#engine.channels.get(channelId);
    const attached = this.#engine.rooms.all().filter((state) => state.bindings.has(channelId));
    const detaching = attached.map((state) =>
      this.detachChannel(state.id, channelId).catch((error: unknown) => {
        // A room that closes meanwhile lets go of its channels itself.
        if (state.open) throw error;
      }),
    );
    await Promise.all(detaching);
    this.#engine.channels.delete(channelId);
    return channel;
  }

  /** @throws RoomKitError `unknown_channel`, `invalid_option`, or what the channel refuses with. */
  attachChannel(roomId: string, channelId: string, options: AttachOptions = {}): Promise<Binding> {
    return membership.attachChannel(this.#engine, roomId, channelId, options);
  }

  /** Ends a channel's sessions in a room and takes it out, until it is attached again. */
  detachChannel(roomId: string, channelId: string): Promise<void> {
    return membership.detachChannel(this.#engine, roomId, channelId);
  }

  /** What the channel says is recorded and reaches nobody; it still reads. */
  mute(roomId: string, channelId: string): Promise<Binding> {
    return membership.updateBinding(this.#engine, roomId, channelId, { muted: true });
  }

  unmute(roomId: string, channelId: string): Promise<Binding> {
    return membership.updateBinding(this.#engine, roomId, channelId, { muted: false });
  }

  /** Nothing is brought to the channel's people; it still reads and writes. */
  muteOutput(roomId: string, channelId: string): Promise<Binding> {
    return membership.updateBinding(this.#engine, roomId, channelId, { outputMuted: true });
  }

  unmuteOutput(roomId: string, channelId: string): Promise<Binding> {
    return membership.updateBinding(this.#engine, roomId, channelId, { outputMuted: false });
  }

  setAccess(roomId: string, channelId: string, access: Access): Promise<Binding> {
    return membership.updateBinding(this.#engine, roomId, channelId, { access });
  }

  /** Who sees what the channel says from now on. */
  setVisibility(roomId: string, channelId: string, visibility: Visibility): Promise<Binding> {
    return membership.updateBinding(this.#engine, roomId, channelId, { visibility });
  }

  async listBindings(roomId: string): Promise<readonly Binding[]> {
    return [...(await loadRoom(this.#engine, roomId)).bindings.values()];
  }

  // events --------------------------------------------------------------------------------------------

  /** Says something into a room on behalf of a channel; see `ChannelHost.processInbound`. */
  processInbound(message: InboundMessage, options: InboundOptions = {}): Promise<InboundResult> {
    return postMessage(this.#engine, message, options);
  }

  /** Puts an event of the application's own into a room: same hooks, same order, same errors as `processInbound`. */
  async sendEvent(roomId: string, event: AppEvent, options: InboundOptions = {}): Promise<InboundResult> {
    return await postEvent(this.#engine, roomId, appDraft(event), options);
  }

  /** Says a text into a room that did not ask, at once or when nothing is being said. @throws RoomKitError also `queue_full`. */
  deliver(roomId: string, text: string, options: DeliverOptions = {}): Promise<InboundResult> {
    return this.#proactive.deliver(roomId, text, options);
  }

  /** A room's log, oldest first, blocked events too. For what a channel may see, its `DeliveryContext.history`. */
  async timeline(roomId: string, query: EventQuery = {}): Promise<readonly RoomEvent[]> {
    if (!(await this.#engine.store.getRoom(roomId)))
      throw new RoomKitError("unknown_room", `there is no room ${roomId}`);
    return await this.#engine.store.readEvents(roomId, query);
  }

  // people --------------------------------------------------------------------------------------------

  /** Brings a session into a room. @throws RoomKitError `not_attached`, `invalid_option`, `session_ended`, `unsupported`. */
  join(roomId: string, channelId: string, options: { readonly session: VoiceSession }): Promise<void> {
    return joinRoom(this.#engine, roomId, channelId, options.session);
  }

  /** Takes a session out of its room. Nothing happens when it has ended. */
  leave(session: VoiceSession, reason = "left"): Promise<void> {
    return leaveRoom(this.#engine, session, reason);
  }

  /** The participant with this id; made when there is none. */
  ensureParticipant(roomId: string, participant: ParticipantInput): Promise<Participant> {
    return participants.ensureInRoom(this.#engine, roomId, participant);
  }

  /** Changes a participant. @throws RoomKitError `unknown_participant`. */
  updateParticipant(roomId: string, participantId: string, patch: ParticipantPatch): Promise<Participant> {
    return participants.updateParticipant(this.#engine, roomId, participantId, patch);
  }

  async listParticipants(roomId: string): Promise<readonly Participant[]> {
    return await this.#engine.store.listParticipants(roomId);
  }

  // watching ------------------------------------------------------------------------------------------

  /** Adds a hook, for all rooms or one (`roomId`). @throws RoomKitError `invalid_option`. */
  hook<K extends HookTrigger>(trigger: K, handler: HookHandlers[K], options: HookOptions = {}): Unsubscribe {
    return this.#engine.hooks.add(trigger, handler as HookHandler<K>, options);
  }

  /** Hears what the kit reports. */
  on<K extends keyof FrameworkEvents>(event: K, listener: (payload: FrameworkEvents[K]) => unknown): Unsubscribe {
    return this.#engine.events.on(event, listener);
  }

  /** Aborted once the kit is being closed, with `kit_closed`: what waits on its behalf may stop. */
  get closing(): AbortSignal {
    return this.#engine.scope.signal;
  }

  /**
   * Lets go of the calls, before {@link close}: newcomers are refused, calls finish for `timeoutMs` (default 60,000), and those that
   * are left are ended as `draining` at their next pause, `handOverMs` (default 15,000) later in any case: their clients connect again, to another
   * process. Resolves when there are none. A `signal` that aborts ends them at once.
   *
   * @throws RoomKitError `invalid_option`
   */
  async drain(options: Partial<DrainOptions> = {}): Promise<void> {
    assertOptions("drain", options, { number: ["timeoutMs", "handOverMs"], object: ["signal"] });
    const { timeoutMs = 60_000, handOverMs = 15_000, signal } = options;
    const draining = [...this.#engine.channels.values()].map((channel) =>
      channel.drain?.({ timeoutMs, handOverMs, signal }),
    );
    await Promise.all(draining);
  }

  /** Ends replies and sessions, closes channels, each within `closeTimeoutMs`. Rooms stay as they are. Idempotent. */
  close(): Promise<void> {
    this.#closing ??= closeKit(this.#engine);
    return this.#closing;
  }
}
