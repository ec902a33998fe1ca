import type { HeardRecord, UtteranceId, VoiceConnection, VoiceSession } from "@roomkit/core";
import type { CallRoom } from "../room.ts";

export interface EndedUtterance {
  readonly utterance: UtteranceId;
  readonly heard: string;
  readonly unheard: string;
  readonly record: HeardRecord;
  /** Why it was silenced; empty when it was not. */
  readonly reason: string;
}

/** Tells client and hooks how an utterance ended of which something was audible: said to its end, or silenced. */
export function tellEnd(
  place: { readonly room: CallRoom; readonly session: VoiceSession; readonly connection: VoiceConnection },
  { utterance, heard, unheard, record, reason }: EndedUtterance,
): void {
  const { room, session, connection } = place;
  const { roomId } = session;
  if (reason === "") {
    room.notifyHooks("AFTER_TTS", { session, roomId, text: heard, utterance });
    return;
  }
  connection.send({ type: "interrupted", utterance, heard, unheard });
  const facts = { session, roomId, utterance, heard, record };
  room.notifyHooks("ON_TTS_CANCELLED", { ...facts, reason });
  if (reason === "barge_in") room.notifyHooks("ON_BARGE_IN", facts);
}
