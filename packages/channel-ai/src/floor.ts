import {
  assertOptions,
  type ChannelHost,
  canRead,
  canWrite,
  optionsWithin,
  type RoomEvent,
  RoomKitError,
  SYSTEM_CHANNEL_ID,
} from "@roomkit/core";
import { type Handoff, type HandoffRequest, handoffContent, readHandoff } from "@roomkit/tools";

export interface AssistantFloorOptions {
  /** The channel that has the floor when a conversation begins. */
  readonly first: string;
  /** Handoffs from one word of the caller to the next, 1 to 20; more are refused. Default 3. */
  readonly maxHandoffs?: number | undefined;
}

/** Who asks for a handoff, and in which conversation. */
export interface Passing {
  readonly roomId: string;
  readonly from: string;
  /** What `from` may see of it. */
  readonly history: () => Promise<readonly RoomEvent[]>;
  readonly signal: AbortSignal;
}

interface Floor {
  holder: string;
  /** Those who had it before, the newest last. */
  before: string[];
  /** Handoffs since the caller last said something. */
  passed: number;
  /** It was passed to `holder`, who has not begun to speak. */
  pending: boolean;
  /** Members that were there and are not any more. */
  readonly gone: Set<string>;
}

/** Earlier holders remembered, for when the floor falls back. */
const MAX_BEFORE = 16;
const numbers = { maxHandoffs: 3 };

/**
 * Which of several AI channels of a room speaks with the caller. One has the floor and answers; its tool `handoffTo` passes it on. Orders:
 *
 * | what comes                                     | then                                                                          |
 * | ---------------------------------------------- | ----------------------------------------------------------------------------- |
 * | a handoff by the holder                        | its words so far are heard to their end; then the target speaks               |
 * | the caller breaks in on those words            | they end; the target has the floor, and answers what the caller says          |
 * | the caller breaks in before the handoff        | there is none: the holder answers                                             |
 * | a second handoff by the same reply, or crossing | refused: who asks has not got the floor any more                             |
 * | more handoffs than `maxHandoffs` without a word | refused: the holder answers                                                  |
 * | the target is not there, or may not speak      | refused: the holder goes on                                                   |
 * | the target goes before it has spoken           | who had the floor before has it, and goes on by itself                        |
 * | the target is muted before it has spoken, or may not speak any more | the same; it has the floor again when it may                |
 * | the target goes later                          | who had the floor before has it, and answers the caller's next words          |
 * | who hands over goes before its words are over  | they end; the target has the floor, and speaks                                |
 */
export class AssistantFloor {
  readonly #first: string;
  readonly #maxHandoffs: number;
  readonly #members = new Map<string, ChannelHost>();
  readonly #floors = new Map<string, Floor>();

  /** @throws RoomKitError `invalid_option`. */
  constructor(options: AssistantFloorOptions) {
    assertOptions("AssistantFloor", options, { required: ["first"], string: ["first"], number: ["maxHandoffs"] });
    this.#first = options.first;
    this.#maxHandoffs = optionsWithin(options, numbers, { maxHandoffs: [1, 20] }).maxHandoffs;
  }

  /** Rooms in which the floor was passed and that are not over: what a test counts. */
  get rooms(): number {
    return this.#floors.size;
  }

  /** The channel that answers the caller now. */
  holder(roomId: string): string {
    const floor = this.#floors.get(roomId);
    const candidates = floor ? [floor.holder, ...[...floor.before].reverse()] : [];
    return candidates.find((id) => this.#mayHave(roomId, id)) ?? this.#first;
  }

  /** @internal */
  join(channelId: string, host: ChannelHost): void {
    this.#members.set(channelId, host);
  }

  /** @internal A channel is in a room, maybe again. */
  entered(roomId: string, channelId: string): void {
    this.#floors.get(roomId)?.gone.delete(channelId);
  }

  /** @internal A channel is not in a room any more, or the room is over. */
  left(roomId: string, channelId: string): void {
    const floor = this.#floors.get(roomId);
    if (!floor) return;
    floor.gone.add(channelId);
    if (![...this.#members.keys()].some((id) => this.#mayHave(roomId, id))) {
      this.#floors.delete(roomId);
      return;
    }
    const passer = floor.before.at(-1);
    floor.before = floor.before.filter((id) => id !== channelId);
    if (floor.holder === channelId) floor.holder = floor.before.pop() ?? this.#first;
    else if (passer !== channelId) return;
    // The caller was told that another one will speak, and the event that says so will not reach them: who has the floor now does.
    if (floor.pending) this.#tell(roomId, channelId, floor.holder);
  }

  /** @internal What a channel may do in a room has changed. */
  changed(roomId: string, channelId: string): void {
    const floor = this.#floors.get(roomId);
    if (!floor?.pending || floor.holder !== channelId || this.#mayHave(roomId, channelId)) return;
    // As with one that goes: the event that calls it will be answered by nobody.
    this.#tell(roomId, channelId, this.holder(roomId));
  }

  /** @internal The caller has said something, and the holder answers. */
  heard(roomId: string): void {
    const floor = this.#floors.get(roomId);
    if (!floor) return;
    floor.passed = 0;
    floor.pending = false;
  }

  /** @internal Whether an event tells this channel that the floor is its own now, and that it shall speak. */
  calls(channelId: string, event: RoomEvent): boolean {
    const { roomId, source } = event;
    const floor = this.#floors.get(roomId);
    if (readHandoff(event)?.to !== channelId || !floor?.pending) return false;
    if (source.channelId !== SYSTEM_CHANNEL_ID && !this.#members.has(source.channelId)) return false;
    if (this.holder(roomId) !== channelId) return false;
    floor.pending = false;
    return true;
  }

  /**
   * @internal Passes the floor on.
   * @throws RoomKitError `handoff_not_on_floor`, `handoff_target_gone`, `handoff_limit`, or what ended the call.
   */
  async pass({ to, reason, history }: HandoffRequest, passing: Passing): Promise<Handoff> {
    const { roomId, from, signal } = passing;
    this.#assertMay(roomId, from, to);
    let summary: string | undefined;
    if (typeof history === "function") {
      summary = await history({ ...{ roomId, from, to, reason, signal }, events: await passing.history() });
      if (typeof summary !== "string") throw new RoomKitError("invalid_option", "a summary must be a string");
      // Much may have happened meanwhile.
      this.#assertMay(roomId, from, to);
    }
    signal.throwIfAborted();
    const floor = this.#floors.get(roomId) ?? {
      ...{ holder: from, before: [], passed: 0, pending: false },
      gone: new Set<string>(),
    };
    this.#floors.set(roomId, floor);
    floor.before = [...floor.before.filter((id) => id !== to && id !== from), from].slice(-MAX_BEFORE);
    floor.holder = to;
    floor.passed++;
    floor.pending = true;
    return { from, to, reason, history: typeof history === "function" ? "summary" : history, summary };
  }

  #assertMay(roomId: string, from: string, to: string): void {
    const refuse = (code: string, why: string): never => {
      throw new RoomKitError(code, why);
    };
    if (this.holder(roomId) !== from) refuse("handoff_not_on_floor", "another assistant has the conversation already.");
    if (to === from || !this.#mayHave(roomId, to))
      refuse("handoff_target_gone", "nobody of that name is here. Answer the caller yourself.");
    if ((this.#floors.get(roomId)?.passed ?? 0) >= this.#maxHandoffs)
      refuse("handoff_limit", "the caller was handed over often enough. Answer them yourself.");
  }

  /** Whether a channel is a member, is in the room, and may hear and speak there. */
  #mayHave(roomId: string, channelId: string): boolean {
    if (this.#floors.get(roomId)?.gone.has(channelId)) return false;
    const binding = this.#members.get(channelId)?.binding(roomId, channelId);
    return binding !== undefined && canRead(binding) && canWrite(binding) && !binding.muted;
  }

  #tell(roomId: string, from: string, to: string): void {
    const host = this.#members.get(to);
    const content = handoffContent({ from, to, reason: `${from} cannot speak now.`, history: "whole" });
    host?.processInbound({ roomId, channelId: SYSTEM_CHANNEL_ID, role: "system", content }).catch((error: unknown) => {
      const { code } = RoomKitError.from(error);
      // A room that is over needs nobody to speak.
      if (code !== "room_closed" && code !== "kit_closed")
        host.logger.warn({ roomId, channelId: to, code }, "nobody was told to go on");
    });
  }
}
