import type { Talk } from "./talk.ts";
import type { Turn } from "./turn.ts";

/** One thing the assistant can talk about. Skills keep nothing: what they need to know stands in the talk. */
export interface Skill {
  readonly name: string;
  /** What a summary says of an utterance this skill answered: `you asked for a joke`. Absent: not worth telling. */
  readonly topic?: string | ((turn: Turn) => string | undefined) | undefined;
  /** Its answers are to be spoken to the letter. */
  readonly verbatim?: boolean | undefined;
  /** The answer, one to three short sentences a voice can read; undefined when the utterance is not for this skill. */
  answer(turn: Turn, talk: Talk): string | undefined;
}
