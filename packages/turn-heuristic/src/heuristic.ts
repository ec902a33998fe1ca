import {
  abortedError,
  assertOptions,
  gradedDecision,
  RoomKitError,
  type TurnContext,
  type TurnDecision,
  type TurnDetector,
} from "@roomkit/core";
import { english } from "./lexicon/english.ts";
import { type TurnLexicon, type Words, wordsOf } from "./lexicon/lexicon.ts";
import { leaning, prosodyOf } from "./sound/prosody.ts";
import { judgeWords } from "./words/judge.ts";
import { readText } from "./words/tokens.ts";
import type { Verdict } from "./words/verdict.ts";

export interface HeuristicTurnsOptions {
  /** What is spoken where the call does not say, as a language tag. Default `en`. */
  readonly language?: string | undefined;
  /** Words by language (`en`, `de`): those of English are added to what is there. Default: English. */
  readonly lexicons?: Readonly<Record<string, TurnLexicon>> | undefined;
  /** Whether it listens to pitch and loudness too. Default true. */
  readonly prosody?: boolean | undefined;
}

/** A language of which no words are known: numerals and question marks are the same in most. */
const NO_WORDS = wordsOf("", {});
/** What words tell of a text in a language whose words are not known. */
const UNKNOWN: Verdict = { confidence: 0.6, reason: "prosody" };

/**
 * Judges whether a speaker has finished: by the words so far and what the assistant asked for, by pitch and loudness at the end, and by how this
 * speaker pauses. Takes less than a millisecond, holds nothing, and never fails but for a signal that has aborted.
 *
 * @throws RoomKitError `invalid_option`
 */
export function heuristicTurns(options: HeuristicTurnsOptions = {}): TurnDetector {
  assertOptions("heuristicTurns", options, { string: ["language"], object: ["lexicons"], boolean: ["prosody"] });
  const { language: usual = "en", lexicons = {}, prosody = true } = options;
  const known = new Map<string, Words>([["en", wordsOf("heuristicTurns: lexicons.en", english)]]);
  for (const [language, lexicon] of Object.entries(lexicons)) {
    const name = `heuristicTurns: lexicons.${language}`;
    if (typeof lexicon !== "object" || lexicon === null)
      throw new RoomKitError("invalid_option", `${name} must be an object`);
    known.set(primary(language), primary(language) === "en" ? wordsOf(name, english, lexicon) : wordsOf(name, lexicon));
  }
  return {
    name: "turn-heuristic",
    async evaluate(context, { signal }) {
      if (signal.aborted) throw abortedError(signal);
      return decide(context, known.get(primary(context.language ?? usual)) ?? NO_WORDS, prosody);
    },
  };
}

function decide(context: TurnContext, words: Words, prosody: boolean): TurnDecision {
  const transcript = typeof context.transcript === "string" ? context.transcript : "";
  const asked = readText(context.history.findLast(({ role }) => role === "assistant")?.text ?? "");
  const said = readText(transcript);
  const told = judgeWords(said, asked, words);
  const heard = prosody ? prosodyOf(context.audio) : undefined;
  const verdict =
    told === undefined ? { ...UNKNOWN, confidence: 0.5 } : words === NO_WORDS && told.confidence > 0.5 ? UNKNOWN : told;
  const sound = heard === undefined ? 0 : leaning(heard);
  // What is plainly unfinished, or plainly over, stays so however it sounds.
  const weight = verdict.reason === "prosody" ? 1.2 : verdict.confidence < 0.25 ? 0.3 : 0.6;
  const mark = said.mark === "," || said.mark === "…" ? -0.5 : 0;
  const odds = Math.log(verdict.confidence / (1 - verdict.confidence)) + weight * sound + mark;
  return gradedDecision(1 / (1 + Math.exp(-odds)), context, verdict.reason);
}

/** `en` of `en-GB`, and of whatever else begins so. */
const primary = (tag: string): string => (/^[a-z]{2,3}(?![a-z])/i.exec(tag)?.[0] ?? "").toLowerCase();
