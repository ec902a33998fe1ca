import { type Clock, keepNewest, type SpeakerEvent, withTimeout } from "@roomkit/core";
import type { TurnInput, TurnState } from "../turns/state.ts";

/** How long the words of a turn wait for the diarizer to judge the last of what was said, ms. */
const WAIT_MS = 500;
/** Judgements remembered at most. A diarizer that tells of every half second of speech fills them with two minutes of it. */
const MAX_JUDGED = 256;
/** Stretches of speech remembered at most. */
const MAX_STRETCHES = 64;

interface Judged {
  speaker: string;
  readonly from: number;
  /** Absent: until the next one. */
  readonly to: number | undefined;
}

/** A stretch of the caller's speech, capture clock, ms. */
export interface SpeechStretch {
  readonly from: number;
  /** Infinity while it lasts. */
  to: number;
  /** Words came of it. */
  said: boolean;
}

export interface TurnSpeakersOptions {
  readonly clock: Clock;
  /** Has the diarizer judge what was said up to now, see `PipelineStream.settleSpeaker`; undefined: there is nothing to wait for. */
  readonly settle: () => Promise<void> | undefined;
}

/**
 * Who says what of a caller's line: brings the diarizer's judgements of the audio together with the stretches of speech that became
 * the words of a turn. The two come in any order:
 *
 *     what comes                            when                          and then
 *     a judgement                           before the turn's words       counts with the part of it that lies in their speech
 *                                           up to 500 ms after them       the words wait for it, and it counts
 *                                           later                         the turn goes with what is known, or without a label; what
 *                                                                         is in the log stays
 *     one of audio before that of another   at any time                   takes its place in time
 *     two voices in one turn, a change      at any time                   who spoke longer; as long: who spoke first
 *     in the middle of an utterance
 *     one without a duration                at any time                   lasts until the next one's beginning
 *     another label for a voice             before the words are told     counts for all that was said under the old one
 *                                           later                         what is in the log stays; the next turn has the new label
 *     speech without words, a cough,        at any time                   counts for nothing, whoever it was
 *     speech that is dropped
 *     several stretches of speech           before the turn is over       count together
 *     a turn that a hook blocks             at any time                   its speech is no part of the next one
 *     typed words                           at any time                   have no voice; the speech of such a turn is over
 */
export class TurnSpeakers {
  readonly #options: TurnSpeakersOptions;
  /** By their beginning. */
  readonly #judged: Judged[] = [];
  readonly #stretches = new Map<number, SpeechStretch>();
  #waiting: Promise<void> | undefined;

  constructor(options: TurnSpeakersOptions) {
    this.#options = options;
  }

  /** The stretches whose words are part of the turn under way. */
  get said(): readonly SpeechStretch[] {
    return [...this.#stretches.values()].filter(({ said }) => said);
  }

  /** The diarizer has judged. */
  heard({ speaker, timestamp, durationMs, renames }: SpeakerEvent): void {
    if (renames !== undefined) for (const each of this.#judged) if (each.speaker === renames) each.speaker = speaker;
    const to = durationMs === undefined ? undefined : timestamp + durationMs;
    const after = this.#judged.findLastIndex(({ from }) => from <= timestamp);
    this.#judged.splice(after + 1, 0, { speaker, from: timestamp, to });
    if (this.#judged.length > MAX_JUDGED) this.#judged.shift();
  }

  begin(segment: number, timestamp: number): SpeechStretch {
    const stretch = { from: timestamp, to: Number.POSITIVE_INFINITY, said: false };
    this.#stretches.set(segment, stretch);
    keepNewest(this.#stretches, MAX_STRETCHES);
    return stretch;
  }

  end(segment: number, timestamp: number): void {
    const stretch = this.#stretches.get(segment);
    if (!stretch) return;
    stretch.to = timestamp;
    const settled = this.#options.settle();
    if (!settled) return;
    this.#waiting = settled;
    void settled.then(() => {
      if (this.#waiting === settled) this.#waiting = undefined;
    });
  }

  drop(segment: number): void {
    this.#stretches.delete(segment);
  }

  /** Takes what the turn machine, in that state, is about to be told. */
  follow(input: TurnInput, state: TurnState): void {
    if (input.type === "transcript") {
      const stretch = this.#stretches.get(input.segment);
      if (input.text === "" && state.claim?.segment !== input.segment) this.drop(input.segment);
      else if (stretch) stretch.said = true;
    } else if (input.type === "turn-blocked" && input.revision === state.revision) this.taken(this.said);
  }

  /** Who spoke most in these stretches, as soon as it is known, or cannot be waited for any longer. Never rejects. */
  async of(stretches: readonly SpeechStretch[], signal: AbortSignal): Promise<string | undefined> {
    if (stretches.length === 0) return undefined;
    const { clock } = this.#options;
    if (this.#waiting !== undefined) await withTimeout(this.#waiting, WAIT_MS, { clock, signal }).catch(() => {});
    const times = new Map<string, number>();
    this.#judged.forEach(({ speaker, from, to }, i) => {
      const until = to ?? this.#judged[i + 1]?.from ?? Number.POSITIVE_INFINITY;
      for (const stretch of stretches) {
        const ms = Math.min(until, stretch.to) - Math.max(from, stretch.from);
        if (ms > 0) times.set(speaker, (times.get(speaker) ?? 0) + ms);
      }
    });
    let most: string | undefined;
    for (const [speaker, ms] of times) if (most === undefined || ms > (times.get(most) ?? 0)) most = speaker;
    return most;
  }

  /** The turn that was made of them is complete, or is none. */
  taken(stretches: readonly SpeechStretch[]): void {
    for (const [segment, stretch] of this.#stretches) if (stretches.includes(stretch)) this.#stretches.delete(segment);
  }
}
