import { assertOptions, type CallerContext, type RoomKit, RoomKitError, type VoiceSession } from "@roomkit/core";

export interface OperatorSessionsOptions<Context extends CallerContext = CallerContext> {
  /** The operators' channel, by id. */
  readonly channel: string;
  /** The room of the call that an operator attends, of those that this operator may; undefined: there is none. */
  readonly room: (context: Context) => string | undefined | Promise<string | undefined>;
  /** Who the operator is in the room. Default: `userId`, `sub` or `id` of what authentication said, or `operator`. */
  readonly participant?: ((context: Context) => string) | undefined;
}

const NAMES = ["userId", "sub", "id"] as const;

/**
 * A session factory for the mount that operators come in by: each gets a session in the room of a call. Its assistant is told their `name`, if
 * authentication said one. Everybody whom the mount's `auth` lets in may listen and speak: that, and which rooms, is yours to decide.
 *
 *     mountVoice(server, desk, { auth: staffOnly, path: "/desk", sessionFactory: operatorSessions(kit, { channel: "operator", room }) });
 *
 * @throws RoomKitError `invalid_option`. The factory throws `no_call` where there is no room, what the kit and the transport throw, or `aborted`.
 */
export function operatorSessions<Context extends CallerContext = CallerContext>(
  kit: RoomKit,
  options: OperatorSessionsOptions<Context>,
): (label: string, context: Context) => Promise<VoiceSession> {
  assertOptions("operatorSessions", options, {
    required: ["channel", "room"],
    string: ["channel"],
    function: ["room", "participant"],
  });
  const { channel, room, participant = participantOf } = options;
  return async (label, context) => {
    const { backend, metadata, signal } = context;
    const roomId = await room(context);
    if (roomId === undefined) throw new RoomKitError("no_call", "there is no call to attend", { toClient: true });
    const bindings = await kit.listBindings(roomId);
    // Attached once: what was set of the binding since then stays.
    if (!bindings.some(({ channelId }) => channelId === channel)) await kit.attachChannel(roomId, channel);
    const id = participant(context);
    const { name } = metadata;
    const displayName = typeof name === "string" && name !== "" ? name : undefined;
    await kit.ensureParticipant(roomId, { id, role: "agent", displayName });
    const session = await backend.connect(roomId, id, channel, { ...metadata, label });
    try {
      await kit.join(roomId, channel, { session });
      signal.throwIfAborted();
    } catch (error) {
      await backend.disconnect(session);
      throw signal.aborted ? new RoomKitError("aborted", "the operator has gone", { cause: error }) : error;
    }
    return session;
  };
}

function participantOf({ metadata }: CallerContext): string {
  const given = NAMES.map((key) => metadata[key]).find((id) => typeof id === "string" || typeof id === "number");
  return given === undefined ? "operator" : String(given);
}
