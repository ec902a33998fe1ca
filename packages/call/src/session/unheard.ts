import { errorFields, type RoomKitError, type VoiceConnection, type VoiceSession } from "@roomkit/core";
import type { CallRoom } from "../room.ts";

/** Speech could not be recognised: log, application and caller hear of it. */
export function tellUnheard(
  error: RoomKitError,
  options: { readonly room: CallRoom; readonly session: VoiceSession; readonly connection: VoiceConnection },
): void {
  const { room, session, connection } = options;
  const { code } = error;
  room.logger.warn({ session: session.id, ...errorFields(error) }, "speech could not be recognised");
  room.emit("stt_error", { session, error });
  room.notifyHooks("ON_ERROR", { roomId: session.roomId, where: "stt", error });
  // Given up: what is said to somebody who cannot hear is lost, and the caller must know.
  const lost = code === "stt_unavailable";
  const message = lost ? "Speech cannot be recognised at present." : "Speech could not be recognised.";
  connection.send({ type: "error", code: lost ? code : "stt_failed", message, retryable: !lost });
}
