import { eventText, joinTexts, type RoomEvent, type VoiceSession } from "@roomkit/core";
import type { LoggedRoom } from "../room.ts";
import type { CallRecord, SayingRecord, TurnRecord } from "./call-record.ts";

/** Something that another process was saying. */
export interface Unsaid extends SayingRecord {
  /** What the log has of it, where that process had the time to write it down. */
  readonly logged: RoomEvent | undefined;
}

/** A call of another process, as it is gone on with. */
export interface RestoredCall {
  readonly turns: number;
  /** To be answered, or to be answered on. */
  readonly turn: TurnRecord | undefined;
  readonly words: string;
  readonly sayings: readonly Unsaid[];
}

/**
 * What is to be gone on with, by what was kept of the call and by its log, whichever is newer. The log is written at once, what is kept up to half a
 * second later.
 *
 * | what was kept says                  | the log says                 | then                                          |
 * | ----------------------------------- | ---------------------------- | --------------------------------------------- |
 * | a turn is being answered            | no answer                    | it is answered, or on from the last word heard |
 * | a turn is being answered            | an answer                    | nothing is left of it                         |
 * | the same, written as its process ended | one that was cut off by that | on from the last word heard                   |
 * | no such turn                        | a turn, no answer            | it is answered                                |
 * | a turn was answered, or given up    | a turn, no answer            | nothing: the caller did not want it           |
 * | words of a turn that is not over    | that turn                    | they are part of it                           |
 * | something is being said             | nothing of it                | on from the last word heard                   |
 * | something is being said             | it was said                  | nothing is left of it                         |
 */
export async function restoreCall(room: LoggedRoom, session: VoiceSession, record: unknown): Promise<RestoredCall> {
  const kept = recordIn(record);
  const log = await room.logged();
  const answerOf = (turnId: string): RoomEvent | undefined =>
    log.find((event) => event.correlationId === turnId && event.source.role === "assistant" && eventText(event) !== "");
  const newest = newestTurn(log, session);
  const unknown = newest !== undefined && newest.number > kept.turns ? newest : undefined;
  const left = (logged: RoomEvent | undefined): boolean =>
    logged === undefined || (kept.last && logged.heard?.interrupted === true && logged.heard.unheard !== "");
  const sayings = kept.sayings
    .map((saying): Unsaid => {
      const { turnId } = saying;
      const key = `${session.id}:said:${saying.id}`;
      const said = log.find(({ idempotencyKey }) => idempotencyKey === key);
      return { ...saying, logged: said ?? (turnId === undefined ? undefined : answerOf(turnId)) };
    })
    .filter(({ logged }) => left(logged))
    // The caller has said something else meanwhile.
    .filter(({ turnId }) => unknown === undefined || turnId === undefined);
  const turn = unknown ?? kept.turn;
  const open = turn && (left(answerOf(turn.id)) || sayings.some(({ turnId }) => turnId === turn.id));
  return {
    turns: Math.max(Number.isFinite(kept.turns) ? kept.turns : 0, newest?.number ?? 0),
    turn: open ? turn : undefined,
    words: unknown ? "" : kept.words,
    sayings,
  };
}

function newestTurn(log: readonly RoomEvent[], session: VoiceSession): TurnRecord | undefined {
  const prefix = `${session.id}:`;
  let newest: TurnRecord | undefined;
  for (const event of log) {
    const { idempotencyKey: id, source, metadata } = event;
    const number = id?.startsWith(prefix) ? Number(id.slice(prefix.length)) : Number.NaN;
    if (id === undefined || !Number.isInteger(number) || source.role !== "user" || event.status !== "delivered")
      continue;
    if (newest && newest.number > number) continue;
    const speaker = typeof metadata?.speaker === "string" ? metadata.speaker : undefined;
    newest = { number, id, text: eventText(event), speaker };
  }
  return newest;
}

const NOTHING: CallRecord = { turns: Number.POSITIVE_INFINITY, words: "", sayings: [], last: false };

/** What was kept of a call, if it is anything that can be gone on with; otherwise the call goes on and nothing of it is taken up. */
function recordIn(kept: unknown): CallRecord {
  const { turns, sayings, words } = Object(kept) as Partial<CallRecord>;
  const fits = Number.isInteger(turns) && Array.isArray(sayings) && typeof words === "string";
  return fits ? (kept as CallRecord) : NOTHING;
}

/** What is known of what the caller has said. */
export function wordsOf(
  pieces: readonly string[],
  waiting: string | undefined,
  partial: string,
  typed: readonly string[],
): string {
  return joinTexts([waiting ?? joinTexts(pieces), partial, ...typed]);
}
