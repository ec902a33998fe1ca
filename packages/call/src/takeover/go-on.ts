import { errorFields, eventText, joinTexts, type VoiceConnection, type VoiceSession, withTimeout } from "@roomkit/core";
import type { CallRoom } from "../room.ts";
import type { TurnInput } from "../turns/state.ts";
import type { TurnRunner } from "../turns/turn-runner.ts";
import type { Speaking } from "../utterances/speaking.ts";
import type { CallKeeping } from "./call-keeping.ts";
import type { RestoredCall, Unsaid } from "./restore.ts";
import { splitAt } from "./unheard-ahead.ts";

export interface GoOnOptions {
  readonly room: CallRoom;
  readonly session: VoiceSession;
  readonly connection: VoiceConnection;
  readonly speaking: Speaking;
  readonly turns: TurnRunner;
  readonly dispatch: (input: TurnInput) => void;
  /** Is told what is not said yet. */
  readonly keeping: CallKeeping;
  /** Ends with the call. */
  readonly signal: AbortSignal;
}

/** How long the client may take to say how much it has played, ms: it does so at once, on a machine that is busy at last. */
const COUNT_MS = 1_500;
/** A caller who was speaking may go on so long after they are heard again, ms. */
const WORDS_MS = 800;
/** Revisions that a text may have been shown in after it was kept. */
const REVISIONS_BETWEEN = 100;
/** Characters of what was said that a model is reminded of. */
const REMINDED = 600;
const goOnAfter = (said: string): string =>
  `Your answer was cut off by a fault before it was complete. Go on exactly where it ended, repeat nothing, and do not mention the fault. It ended: "${said.slice(-REMINDED)}"`;

/** Goes on with a call of another process where the caller stopped hearing it. Never throws. */
export function goOn(restored: RestoredCall, options: GoOnOptions): void {
  const { room, session, connection, turns, dispatch, signal } = options;
  const { turn, words, sayings } = restored;
  for (const saying of sayings) options.keeping.unsaid.add(saying);
  const playing = sayings.find(({ audible }) => audible);
  const counted = playing ? played(playing, connection, room) : undefined;
  for (const saying of sayings) {
    if (turn && saying.turnId === turn.id) continue;
    const said = sayOn(saying, counted, options, signal).catch((error: unknown) => {
      room.logger.warn(
        { session: session.id, ...errorFields(error) },
        "speech of another process was not gone on with",
      );
    });
    turns.after(said.then(() => {}));
  }
  if (turn) {
    const { id: turnId, text, speaker } = turn;
    const answer = sayings.find((saying) => saying.turnId === turnId);
    turns.again(turn, async (until) => {
      if (answer) await sayOn(answer, counted, options, until);
      else await room.again?.({ text, turnId, speaker }, until);
    });
  }
  if (words === "") return;
  const cancel = room.clock.setTimeout(() => dispatch({ type: "unresumed", text: words }), WORDS_MS);
  signal.addEventListener("abort", cancel, { once: true });
}

/** How much of an utterance the client has played: its own count, which comes soon, or what was known. */
async function played(saying: Unsaid, connection: VoiceConnection, room: CallRoom): Promise<number> {
  let stop = (): void => {};
  const counted = new Promise<number>((resolve) => {
    stop = connection.onPlayback(({ utterance, playedMs, done }) => {
      if (utterance === saying.utterance && done) resolve(playedMs);
    });
  });
  try {
    return await withTimeout(counted, COUNT_MS, { clock: room.clock });
  } catch {
    return saying.playedMs;
  } finally {
    stop();
  }
}

/** Says the rest of a text, and has it in the log with what was heard of it before. */
async function sayOn(
  saying: Unsaid,
  counted: Promise<number> | undefined,
  { room, speaking, keeping }: GoOnOptions,
  signal: AbortSignal,
): Promise<void> {
  const { id, turnId, more, logged, voice } = saying;
  const playedMs = saying.audible ? ((await counted) ?? 0) : 0;
  const { heard, rest } = splitAt(saying, playedMs);
  const before = joinTexts([saying.before, heard]);
  const confidence = saying.confidence;
  const text = joinTexts([rest, more]);
  keeping.unsaid.delete(saying);
  const saidOn = speaking.speak(restOf(text, { ...saying, before }, room, signal), {
    ...{ signal, voice, correlationId: turnId, known: { text, over: saying.over } },
    before: {
      ...{ id, text: before, revision: saying.revision + REVISIONS_BETWEEN },
      ...{ playedMs: saying.beforeMs + playedMs, confidence },
    },
  });
  // How much was heard is kept before anything else can happen.
  keeping.changed();
  const spoken = await saidOn;
  // What stands in the log already stands there once; what was heard after that was written, too.
  const written = logged ? eventText(logged) : "";
  const words = spoken.heard.slice(spoken.heard.startsWith(written) ? written.length : before.length).trim();
  if (words !== "") await room.said(words, spoken.record, { id: logged ? `${id}:rest` : id, turnId });
}

/** The rest of a text; where its end was not known, with what is made of it now. */
async function* restOf(
  rest: string,
  { over, turnId, before }: Unsaid,
  room: CallRoom,
  signal: AbortSignal,
): AsyncGenerator<string, void, undefined> {
  if (rest !== "") yield rest;
  if (over || turnId === undefined) return;
  const more = (await room.compose?.(goOnAfter(joinTexts([before, rest])), signal)) ?? "";
  if (more !== "") yield rest === "" ? more : ` ${more}`;
}
