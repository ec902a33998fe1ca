import { joinTexts, RoomKitError, type TtsProvider, type VoiceSession } from "@roomkit/core";
import type { CallSettings } from "../options.ts";
import type { CallRoom, UserTurn } from "../room.ts";
import { speakable } from "../speech/filter/speakable.ts";
import { SpeechAhead } from "../speech/speech-ahead.ts";
import type { TurnEffect, TurnInput, TurnState } from "./state.ts";

const MINUTE_MS = 60_000;

export interface PreparingOptions {
  readonly room: CallRoom;
  readonly settings: CallSettings;
  readonly session: VoiceSession;
  /** The turn that is being judged or waits, with this text. */
  readonly turn: (text: string, state: TurnState) => UserTurn;
  /** Resolves when what was said before stands in the log, or is not waited for any more. Never rejects. */
  readonly told: () => Promise<void>;
  /** The answer to a turn is the one that was prepared: the model was asked so much earlier. */
  readonly onUsed: (turnId: string, earlierMs: number) => void;
  /** The answer to a turn begins with what was synthesized ahead: the voice was asked so much earlier. */
  readonly onSpoken: (turnId: string, earlierMs: number) => void;
  /** The voice that a channel's answers are spoken with, where that is another than the call's. */
  readonly voiceOf?: ((channelId: string) => string | undefined) | undefined;
}

interface Preparation {
  readonly text: string;
  /** By the recogniser's guess that the turn is over: what it waits for is being said, or judged. */
  guessed: boolean;
  readonly abort: AbortController;
  /** Its beginning, synthesized, and whose answer that is: the first channel's that has words. */
  ahead?: { readonly channelId: string; readonly speech: SpeechAhead } | undefined;
}

/**
 * Has the answer made to a turn that is not taken yet: one that waits for more (`waiting`), or one that the recogniser thinks is over (`eager`).
 * One at a time; it ends as this says, and by `close`:
 *
 *     what happens                           to a turn that waits                  to one that the recogniser guessed over
 *     taken, with the same text              kept until the turn is through        likewise
 *     taken, with another                    thrown away                           likewise
 *     judged, the same text                  (does not happen: it was a noise)     kept
 *     judged, another text                   thrown away                           thrown away
 *     it waits (again), the same text        kept                                  kept: it is one that waits
 *     speech begins, somebody types, stop    thrown away                           thrown away
 *     other words of the same speech         (there is none)                       thrown away; the same words: kept
 *     the recogniser takes its guess back    nothing                               thrown away
 *     no words, or blocked by a hook         thrown away                           thrown away
 */
export class Preparing {
  readonly #options: PreparingOptions;
  /** When the tries of the last minute were made. */
  readonly #tries: number[] = [];
  #current: Preparation | undefined;
  /** Taken: of use until its answer is through. */
  readonly #taken = new Map<number, Preparation>();
  #state: TurnState | undefined;

  constructor(options: PreparingOptions) {
    this.#options = options;
  }

  /** The machine has taken a step; before its effects are carried out. */
  follow(input: TurnInput, state: TurnState, effects: readonly TurnEffect[]): void {
    this.#state = state;
    for (const effect of effects) {
      if (effect.type === "submit") this.#submitted(effect.turn, effect.text);
      if (effect.type === "judge" && effect.text !== this.#current?.text) this.#drop();
    }
    const { waiting } = state;
    if (waiting !== undefined) this.#prepare(waiting, false);
    else if (this.#current && !(this.#current.guessed && agrees(input, state, this.#current.text))) this.#drop();
  }

  /** The recogniser thinks that the turn is over, with these words of the speech under way; undefined: it is not. */
  guess(words: string | undefined): void {
    const state = this.#state;
    if (words === undefined || !state) {
      if (this.#current?.guessed) this.#drop();
      return;
    }
    const { room, session } = this.#options;
    const alone = state.speaking !== undefined && state.utterance === undefined && state.answering === undefined;
    // No word reaches a model before the hooks that may take it away.
    if (!alone || room.hasSyncHooks("ON_TRANSCRIPTION", session.roomId)) return;
    this.#prepare(joinTexts([...state.pieces, words]), true);
  }

  /** Everything a turn caused is through. */
  through(turn: number): void {
    this.#taken.get(turn)?.abort.abort(UNWANTED);
    this.#taken.delete(turn);
  }

  /** The voice that has the beginning of a turn's answer already; undefined where none has. */
  voice(turn: number): TtsProvider | undefined {
    return this.#taken.get(turn)?.ahead?.speech.voice();
  }

  close(): void {
    this.#drop();
    for (const turn of [...this.#taken.keys()]) this.through(turn);
  }

  #prepare(text: string, guessed: boolean): void {
    if (this.#current?.text === text) {
      this.#current.guessed &&= guessed;
      return;
    }
    this.#drop();
    const { room, settings, turn, told, onUsed } = this.#options;
    if (settings.preemptive.mode === "off" || !room.prepare || !this.#mayTry()) return;
    const preparation: Preparation = { text, guessed, abort: new AbortController() };
    this.#current = preparation;
    const { signal } = preparation.abort;
    const wanted = turn(text, this.#state as TurnState);
    void told().then(() => {
      if (signal.aborted) return;
      room.prepare?.(wanted, {
        signal,
        onUsed: (earlierMs) => onUsed(wanted.turnId, earlierMs),
        onText: (text, over, channelId) => {
          if (settings.preemptive.mode !== "speech" || signal.aborted) return;
          preparation.ahead ??= { channelId, speech: this.#speechAhead(wanted.turnId, channelId, signal) };
          if (preparation.ahead.channelId === channelId) preparation.ahead.speech.push(text, over);
        },
      });
    });
  }

  #speechAhead(turnId: string, channelId: string, signal: AbortSignal): SpeechAhead {
    const { room, settings, session, onSpoken, voiceOf } = this.#options;
    const { roomId } = session;
    const { tts, language, speed, sentences, speechFilter: filter = speakable } = settings;
    return new SpeechAhead({
      ...{ clock: room.clock, tts, filter, sentences, signal },
      spoken: {
        ...{ voice: voiceOf?.(channelId) ?? settings.voice, language, speed },
        onFallback: (change) => room.emit("provider_fallback", { roomId, ...change }),
      },
      // A hook may change the words; what a function does when it is called is not known.
      may: () => room.mayRead && filter.stream !== undefined && !room.hasSyncHooks("BEFORE_TTS", roomId),
      onEnd: ({ earlierMs, chars, audioMs }) => {
        const used = earlierMs !== undefined;
        if (used) onSpoken(turnId, earlierMs);
        room.emit("speech_prepared", { session, used, chars, audioMs: Math.round(audioMs) });
      },
    });
  }

  #submitted(turn: number, text: string): void {
    if (this.#current?.text === text) this.#taken.set(turn, this.#current);
    else this.#drop();
    this.#current = undefined;
  }

  #drop(): void {
    this.#current?.abort.abort(UNWANTED);
    this.#current = undefined;
  }

  /** Counts a try, if there may be one more in this minute. */
  #mayTry(): boolean {
    const now = this.#options.room.clock.now();
    while (this.#tries[0] !== undefined && this.#tries[0] <= now - MINUTE_MS) this.#tries.shift();
    if (this.#tries.length >= this.#options.settings.preemptive.perMinute) return false;
    this.#tries.push(now);
    return true;
  }
}

const UNWANTED = new RoomKitError("aborted", "the prepared answer is not wanted any more");

/** Whether a guess may still be right after an input. */
function agrees(input: TurnInput, { pieces, speaking, awaited }: TurnState, text: string): boolean {
  switch (input.type) {
    case "speech-start":
    case "text":
    case "interrupt":
    case "turn-blocked":
      return false;
    case "partial":
      return joinTexts([...pieces, input.text]) === text;
    default:
      return speaking !== undefined || awaited.length > 0 || pieces.length > 0;
  }
}
