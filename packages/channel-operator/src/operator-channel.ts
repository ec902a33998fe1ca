import { ChannelSessions } from "@roomkit/call";
import {
  type AttendableCall,
  type Binding,
  type Channel,
  ChannelCategory,
  type ChannelHost,
  type DrainOptions,
  errorFields,
  eventText,
  type RoomEvent,
  RoomKitError,
  type TellOptions,
  type VoiceConnection,
  type VoiceSession,
} from "@roomkit/core";
import { type OperatorChannelOptions, type OperatorSettings, resolveOptions } from "./options.ts";
import { CallerScribe } from "./session/caller-scribe.ts";
import { Conference } from "./session/conference.ts";
import { nameOf } from "./session/name-of.ts";
import { OperatorCall, type OperatorMode, operatorModes } from "./session/operator-call.ts";

/** Characters of a name that a client takes. */
const MAX_NAME = 256;

/**
 * People in a call beside its caller: they listen, tell the assistant what the caller does not hear, and speak with the caller in the assistant's
 * place. A session of this channel attends the call of another channel in the same room. Who may have one is the application's: whoever
 * is joined hears everything.
 */
export class OperatorChannel implements Channel {
  readonly id: string;
  readonly kind = "operator";
  readonly category: typeof ChannelCategory.TRANSPORT = ChannelCategory.TRANSPORT;
  readonly #settings: OperatorSettings;
  readonly #sessions: ChannelSessions<OperatorCall>;
  readonly #conferences = new Map<AttendableCall, Conference>();

  /** @throws RoomKitError `invalid_option`. */
  constructor(id: string, options: OperatorChannelOptions) {
    this.id = id;
    this.#settings = resolveOptions(options);
    const { backend, joinTimeoutMs, stt } = this.#settings;
    this.#sessions = new ChannelSessions({
      channelId: id,
      ...{ backend, joinTimeoutMs },
      needs: stt ? [stt] : [],
      providers: { stt: stt?.name },
      start: ({ session, connection }) => this.#start(session, connection),
    });
  }

  /** Sessions of operators who are in a call. */
  get sessions(): readonly VoiceSession[] {
    return this.#sessions.calls.map(({ session }) => session);
  }

  /** What an operator does. @throws RoomKitError `unknown_session`. */
  mode(sessionId: string): OperatorMode {
    return this.#sessions.call(sessionId).mode;
  }

  /**
   * `talk`: an operator takes the call over, or speaks with the caller beside others who have; the assistant is silent. `listen`: they give it
   * back; the assistant has it again when the last of them has.
   * @throws RoomKitError `unknown_session`, `invalid_option`, `not_allowed` (by the channel's binding), `taken_over` (by another channel's operators), `call_ended`.
   */
  setMode(sessionId: string, mode: OperatorMode): void {
    if (!operatorModes.includes(mode))
      throw new RoomKitError("invalid_option", `a mode is ${operatorModes.join(" or ")}`);
    this.#sessions.call(sessionId).setMode(mode);
  }

  /**
   * An operator tells the assistant something that the caller neither hears nor sees; with `respond` the assistant says something upon it now.
   * Resolves when it is in the room's log, and what was said upon it was said.
   * @throws RoomKitError `unknown_session`, `invalid_option`, `not_allowed`, `taken_over` (with `respond`), `call_ended`, and what the room refuses with.
   */
  async whisper(sessionId: string, text: string, options: TellOptions = {}): Promise<void> {
    await this.#sessions.call(sessionId).whisper(text, options);
  }

  register(host: ChannelHost): void {
    this.#sessions.register(host);
  }

  async join(session: VoiceSession): Promise<void> {
    this.#sessions.join(session);
  }

  async leave(session: VoiceSession, reason: string): Promise<void> {
    await this.#sessions.leave(session, reason);
  }

  async drain(options: DrainOptions): Promise<void> {
    await this.#sessions.drain(options);
  }

  /** Operators are shown what is said in the room, and by whom. */
  async deliver(event: RoomEvent): Promise<void> {
    const { role } = event.source;
    const text = eventText(event);
    if (role === "system" || text === "" || event.status !== "delivered") return;
    const calls = this.#inRoom(event.roomId).filter(({ mayListen }) => mayListen);
    if (calls.length === 0) return;
    const speaker = await this.#nameOf(event);
    for (const { connection } of calls)
      connection.send({ type: "transcript", id: event.id, role, text, final: true, revision: 0, speaker });
  }

  onBindingChanged({ roomId }: Binding): void {
    for (const call of this.#inRoom(roomId)) call.permitted();
  }

  async onDetached(roomId: string): Promise<void> {
    await this.#sessions.leaveRoom(roomId, "detached");
  }

  /** Ends every operator's session; calls that were taken over are given back. Idempotent. */
  async close(): Promise<void> {
    await this.#sessions.close();
  }

  /** Of a participant, its name; of a person who speaks for the assistant at least who that is. */
  async #nameOf({ roomId, source }: RoomEvent): Promise<string | undefined> {
    const { participantId, role } = source;
    if (participantId === undefined) return undefined;
    // Words are shown without a name rather than not at all.
    const name = await nameOf(this.#sessions.host, roomId, participantId).catch(() => undefined);
    return (name ?? (role === "assistant" ? participantId : undefined))?.slice(0, MAX_NAME);
  }

  #inRoom(roomId: string): OperatorCall[] {
    return this.#sessions.calls.filter(({ session }) => session.roomId === roomId);
  }

  /** @throws RoomKitError `no_call`, `too_many_operators`. */
  #start(session: VoiceSession, connection: VoiceConnection): OperatorCall {
    const { host } = this.#sessions;
    const call = this.#find(session);
    const conference = this.#conferences.get(call) ?? this.#confer(call);
    if (conference.size >= this.#settings.maxOperators)
      throw new RoomKitError("too_many_operators", `${conference.size} operators attend the call already`);
    return new OperatorCall({
      ...{ host, settings: this.#settings, channelId: this.id, session, connection, conference },
      onOver: () => {
        this.#sessions.leave(session, "call_ended").catch((error: unknown) => {
          host.logger.warn({ session: session.id, ...errorFields(error) }, "an operator could not leave");
        });
      },
    });
  }

  /** The call that a session names as `metadata.call`, else the one that began last. */
  #find({ roomId, metadata }: VoiceSession): AttendableCall {
    const calls = this.#settings.calls.flatMap((channel) => channel.attendable(roomId));
    const call = metadata.call === undefined ? calls.at(-1) : calls.find(({ session }) => session.id === metadata.call);
    if (!call) throw new RoomKitError("no_call", "there is no such call in the room");
    return call;
  }

  #confer(call: AttendableCall): Conference {
    const { host } = this.#sessions;
    const { maxDelayMs, stt } = this.#settings;
    const conference = new Conference({
      ...{ call, host, maxDelayMs, written: stt !== undefined },
      scribe: stt && ((onText) => new CallerScribe({ settings: this.#settings, call, host, onText })),
      onEmpty: () => {
        if (this.#conferences.get(call) === conference) this.#conferences.delete(call);
      },
    });
    this.#conferences.set(call, conference);
    return conference;
  }
}
