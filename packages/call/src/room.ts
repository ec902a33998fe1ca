import {
  type ChannelHost,
  canRead,
  canWrite,
  eventText,
  type HeardRecord,
  type InboundMessage,
  type PrepareOptions,
  type RecordingNote,
  type RoomEvent,
  type VoiceSession,
} from "@roomkit/core";

/** Words of a conversation, without its tools. */
export interface Said {
  readonly role: "user" | "assistant";
  readonly text: string;
}

/** A turn of the caller. */
export interface UserTurn {
  readonly text: string;
  readonly turnId: string;
  /** Who said most of it, where a diarizer knows. */
  readonly speaker?: string | undefined;
}

/** What words were said of. */
export interface SaidOf {
  /** Names them, so that they are in the room once. */
  readonly id: string;
  /** The turn that they answer. */
  readonly turnId?: string | undefined;
  /** The person who said them, in the assistant's place: nobody answers them. */
  readonly participantId?: string | undefined;
}

/** Where a call takes place: a room of a kit ({@link roomOf}), or a conversation of its own. */
export interface CallRoom
  extends Pick<
    ChannelHost,
    "clock" | "logger" | "ids" | "hasHooks" | "hasSyncHooks" | "runHooks" | "notifyHooks" | "emit"
  > {
  /** Whether the caller's words may enter the room now; asked for every frame, so that a change counts at once. */
  readonly mayWrite: boolean;
  /** Whether anything may be brought to the caller now. */
  readonly mayRead: boolean;
  /** The caller's turn. Resolves when everything it caused is through; its answers stop when `signal` aborts. `unanswered`: there are to be none. */
  submit(turn: UserTurn, signal: AbortSignal, options?: { readonly unanswered?: boolean | undefined }): Promise<void>;
  /** A turn that another process was answering when it went: its answer is made, and all that belongs to it. As {@link submit}. */
  again?(turn: UserTurn, signal: AbortSignal): Promise<void>;
  /** The caller's turn as it will be said, perhaps: the answer to it may be made already. It is of use until `signal` aborts. Never throws. */
  prepare?(turn: UserTurn, options: Pick<PrepareOptions, "signal" | "onUsed" | "onText">): void;
  /** What the assistant says of its own accord, upon an instruction that nobody hears. Empty: nothing. @throws RoomKitError `aborted`, or what failed. */
  compose?(instruction: string, signal: AbortSignal): Promise<string>;
  /** Something that belongs beside the call's recording, if there is one. */
  note?(note: RecordingNote): void;
  /** The call is about to put words of its own into the caller's ear. */
  saying?(text: string): void;
  /** Words that the call itself put into the caller's ear, as far as they were heard: said `of` an utterance, or of a turn. Once for each. */
  said(text: string, heard: HeardRecord | undefined, of: SaidOf): Promise<void>;
  /** Something that intelligence alone is to know. Nobody answers it. */
  tell?(text: string): Promise<void>;
  /** The newest words, oldest first. */
  history(last: number): Promise<readonly Said[]>;
}

/** Events that are looked through for those of a call. */
const LOOKED_THROUGH = 100;

/** A room whose calls outlive their processes. */
export interface LoggedRoom extends CallRoom {
  /** What its log says of this call. @throws RoomKitError as the store. */
  logged(): Promise<readonly RoomEvent[]>;
}

/** The room of a channel's session, by what the kit offers the channel. */
export function roomOf(host: ChannelHost, channelId: string, session: VoiceSession): LoggedRoom {
  const { roomId } = session;
  const metadata = { voiceSessionId: session.id, source: "voice" };
  const messageOf = ({ text, turnId, speaker }: UserTurn): InboundMessage => ({
    ...{ roomId, channelId, participantId: session.participantId, correlationId: turnId },
    content: { type: "text", text },
    metadata: speaker === undefined ? metadata : { ...metadata, speaker },
    // A turn is said once, also when two processes say it.
    idempotencyKey: turnId,
  });
  return {
    ...host,
    get mayWrite() {
      const binding = host.binding(roomId, channelId);
      return binding !== undefined && canWrite(binding) && !binding.muted;
    },
    get mayRead() {
      const binding = host.binding(roomId, channelId);
      return binding !== undefined && canRead(binding) && !binding.outputMuted;
    },
    async submit(turn, signal, { unanswered } = {}) {
      await host.processInbound(messageOf(turn), { replySignal: signal, unanswered, session });
    },
    async again(turn, signal) {
      const said = (await this.logged()).find(({ idempotencyKey }) => idempotencyKey === turn.turnId);
      if (said) await host.answerAgain(said, { replySignal: signal, session });
      else await this.submit(turn, signal);
    },
    async logged() {
      const events = await host.timeline(roomId, channelId, { last: LOOKED_THROUGH });
      return events.filter(
        ({ correlationId, idempotencyKey, metadata: of }) =>
          [correlationId, idempotencyKey].some((id) => id?.startsWith(`${session.id}:`)) ||
          of?.voiceSessionId === session.id,
      );
    },
    prepare: (turn, options) => host.prepareReply(messageOf(turn), { ...options, session }),
    compose: (text, signal) =>
      host.composeReply(
        { roomId, channelId, role: "system", content: { type: "text", text }, metadata },
        { signal, session },
      ),
    async said(text, heard, { id, turnId, participantId }) {
      const content = { type: "text", text } as const;
      const idempotencyKey = `${session.id}:said:${id}`;
      await host.processInbound(
        {
          ...{ roomId, channelId, participantId, role: "assistant", content, metadata, heard },
          ...{ idempotencyKey, correlationId: turnId },
        },
        { unanswered: participantId !== undefined },
      );
    },
    async tell(text) {
      const content = { type: "text", text } as const;
      await host.processInbound(
        { roomId, channelId, role: "system", content, metadata, visibility: "intelligence" },
        { unanswered: true },
      );
    },
    async history(last) {
      const events = await host.timeline(roomId, channelId, { last });
      return events.flatMap((event) => {
        const { role } = event.source;
        const text = eventText(event);
        return text === "" || role === "system" || event.status !== "delivered" ? [] : [{ role, text }];
      });
    },
  };
}
