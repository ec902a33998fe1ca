import type { HeardRecord, HeardSplit, UtteranceId, VoiceConnection, VoiceSession } from "@roomkit/core";
import type { CallRoom } from "../room.ts";

/** How an utterance went. */
export interface EndedUtterance extends HeardSplit {
  readonly utterance: UtteranceId;
  readonly record: HeardRecord;
  /** Why it was silenced; empty when it was not. (The record says interrupted of speech that the end of the call cut off, too.) */
  readonly reason: string;
  /** The turn that it answers. */
  readonly turnId?: string | undefined;
  /** The listener had some of its audio. */
  readonly audible: boolean;
}

/** Notes what was heard of it beside the call's recording. */
export function noteEnd({ note }: Pick<CallRoom, "note">, ended: EndedUtterance): void {
  const { utterance, heard: text, unheard, reason, record } = ended;
  const { interrupted, playedMs, confidence } = record;
  const heard = { unheard, interrupted, reason, playedMs, confidence };
  if (ended.audible) note?.({ type: "transcript", role: "assistant", text, utterance, heard });
}

/** Tells client and hooks how an utterance ended, if anything of it was audible: said to its end, or silenced. */
export function tellEnd(
  place: { readonly room: CallRoom; readonly session: VoiceSession; readonly connection: VoiceConnection },
  ended: EndedUtterance,
): void {
  const { utterance, heard, unheard, record, reason, audible, turnId } = ended;
  const { room, session, connection } = place;
  const { roomId } = session;
  if (!audible) return;
  noteEnd(room, ended);
  if (reason === "") {
    room.notifyHooks("AFTER_TTS", { session, roomId, text: heard, utterance, record, turnId });
    return;
  }
  connection.send({ type: "interrupted", utterance, heard, unheard });
  const facts = { session, roomId, utterance, heard, record, turnId };
  room.notifyHooks("ON_TTS_CANCELLED", { ...facts, reason });
  if (reason === "barge_in") room.notifyHooks("ON_BARGE_IN", facts);
}
