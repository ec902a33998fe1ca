import type { Metadata, VoiceBackend, VoiceSession } from "../contracts/voice.ts";
import { assertOptions } from "../errors/assert-options.ts";
import { RoomKitError } from "../errors/error.ts";
import type { RoomKit } from "./kit.ts";
import type { AttachOptions, CreateRoomOptions } from "./options.ts";

/** What a transport tells a session factory; here of it what {@link roomPerCaller} reads. */
export interface CallerContext {
  /** The transport the caller came by. */
  readonly backend: VoiceBackend;
  /** What authentication said of the caller. */
  readonly metadata: Metadata;
  /** Aborts when the caller has gone, or waited too long. */
  readonly signal: AbortSignal;
}

export interface RoomPerCallerOptions<Context extends CallerContext = CallerContext> {
  /** Channels of each room by id, or with how they are attached; the first one is the caller's voice. */
  readonly channels: readonly (string | ({ readonly id: string } & AttachOptions))[];
  /** The room. Default: a new one with nothing in it. */
  readonly room?:
    | CreateRoomOptions
    | ((context: Context) => CreateRoomOptions | Promise<CreateRoomOptions>)
    | undefined;
  /** Who the caller is in the room. Default: `userId`, `user_id`, `sub` or `id` of what authentication said, or `caller`. */
  readonly participant?: string | ((context: Context) => string) | undefined;
  /** Whether the room closes when its caller has gone. Default true. */
  readonly close?: boolean | undefined;
}

const NAMES = ["userId", "user_id", "sub", "id"] as const;

/**
 * A session factory for mounts: each caller gets a room with these channels and a session that is joined to it; the room closes
 * when the caller has gone and their last words are in it. Whatever fails on the way leaves no room behind.
 *
 *     mountVoice(server, backend, { sessionFactory: roomPerCaller(kit, { channels: ["voice", "ai"] }) });
 *
 * @throws RoomKitError `invalid_option` without a channel. The factory throws what the kit and the transport throw, or `aborted`.
 */
export function roomPerCaller<Context extends CallerContext = CallerContext>(
  kit: RoomKit,
  options: RoomPerCallerOptions<Context>,
): (label: string, context: Context) => Promise<VoiceSession> {
  assertOptions("roomPerCaller", options, {
    required: ["channels"],
    string: ["participant"],
    boolean: ["close"],
    function: ["room", "participant"],
    object: ["room"],
    array: ["channels"],
  });
  const channels = options.channels.map((channel) => (typeof channel === "string" ? { id: channel } : channel));
  const voice = channels[0]?.id;
  if (voice === undefined) throw new RoomKitError("invalid_option", "roomPerCaller needs the channels of a room");
  const { participant = participantOf, close = true } = options;
  if (close) closeWhatIsTakenOver(kit, voice);
  return async (label, context) => {
    const { backend, signal } = context;
    const room = await kit.createRoom(typeof options.room === "function" ? await options.room(context) : options.room);
    let session: VoiceSession | undefined;
    try {
      for (const { id, ...attach } of channels) await kit.attachChannel(room.id, id, attach);
      const who = typeof participant === "function" ? participant(context) : participant;
      session = await backend.connect(room.id, who, voice, { ...context.metadata, label });
      await kit.join(room.id, voice, { session });
      signal.throwIfAborted();
    } catch (error) {
      if (session) await backend.disconnect(session);
      await kit.closeRoom(room.id);
      throw signal.aborted ? new RoomKitError("aborted", "the caller has gone", { cause: error }) : error;
    }
    if (close) closeAfter(kit, backend, session);
    return session;
  };
}

function participantOf({ metadata }: CallerContext): string {
  const name = NAMES.map((key) => metadata[key]).find(
    (value) => typeof value === "string" || typeof value === "number",
  );
  return name === undefined ? "caller" : String(name);
}

/** The rooms of calls that were begun by other processes, when those calls are over here, or nobody has come back to them. */
function closeWhatIsTakenOver(kit: RoomKit, voice: string): void {
  const here = new Set<string>();
  const over = (roomId: string): void => void kit.closeRoom(roomId).catch(() => {});
  kit.on("voice_session_started", ({ session, resumed }) => {
    if (resumed && session.channelId === voice) here.add(session.id);
  });
  kit.on("voice_session_ended", ({ session, kept }) => {
    if (here.delete(session.id) && !kept) over(session.roomId);
  });
  kit.on("voice_session_lost", ({ kept }) => {
    if (kept.channelId === voice) over(kept.roomId);
  });
}

/** Closes the room when its call is over, or when the caller never came. */
function closeAfter(kit: RoomKit, backend: VoiceBackend, session: VoiceSession): void {
  let called = false;
  const over = (): void => {
    for (const stop of stops) stop();
    // A kit that has closed meanwhile has done it already.
    kit.closeRoom(session.roomId).catch(() => {});
  };
  const stops = [
    kit.on("voice_session_started", (started) => {
      called ||= started.session.id === session.id;
    }),
    // Told when the last words are in the room.
    kit.on("voice_session_ended", (ended) => {
      if (ended.session.id !== session.id) return;
      if (ended.kept) for (const stop of stops) stop();
      else over();
    }),
    backend.onSessionEnded((ended) => {
      if (ended.id === session.id && !called) over();
    }),
  ];
}
