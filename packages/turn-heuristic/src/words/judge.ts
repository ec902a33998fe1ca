import type { UnfinishedReason, Words } from "../lexicon/lexicon.ts";
import { judgePieces } from "./pieces.ts";
import { beginsWith, endsWith, foundIn, type Said } from "./tokens.ts";
import type { Verdict } from "./verdict.ts";

const UNFINISHED: Readonly<Record<UnfinishedReason, number>> = {
  article: 0.04,
  possessive: 0.05,
  conjunction: 0.06,
  filler: 0.06,
  preposition: 0.1,
  opening: 0.12,
  auxiliary: 0.12,
};

/** What a text tells of whether its turn is over; undefined when it has no words. Rules in their order: the first that fits decides. */
export function judgeWords(said: Said, asked: Said, words: Words): Verdict | undefined {
  const { tokens } = said;
  if (tokens.length === 0) return undefined;
  const inQuestion = asked.mark === "?";
  const sentence = withoutLeads(said.sentence, words);
  const whole = sentence.join(" ");
  if (words.answers.has(whole) || words.answers.has(said.sentence.join(" ")))
    return { confidence: 0.92, reason: "answer" };
  const verdict = judgePieces(tokens, asked.tokens, words);
  if (verdict) return verdict;
  return judgeEnd(said, sentence, inQuestion, words) ?? judgeWhole(said, sentence, inQuestion, words);
}

/** By the last words. */
function judgeEnd(said: Said, sentence: readonly string[], asked: boolean, words: Words): Verdict | undefined {
  const { tokens } = said;
  const [closing, open] = [endsWith(tokens, words.closing), endsWith(tokens, words.unfinished)];
  const asks = beginsWith(sentence, words.questions);
  const main = beginsWith(sentence, words.subordinate);
  if (main > asks && open === 0 && sentence.length <= 8) return { confidence: 0.3, reason: "clause" };
  if (closing > 0 && closing >= open) {
    if (asks > 0 && sentence.length >= 3) return { confidence: 0.9, reason: "question" };
    // "Please", "thank you" are said last; after "yesterday" there may be more.
    return { confidence: words.answers.has(lastOf(tokens, closing)) ? 0.88 : 0.8, reason: "closing" };
  }
  if (open > 0) return allTheSame(said, sentence, open, asked, words) ?? unfinished(tokens, open, words);
  // "There were two"; but "a table for two".
  const counted =
    tokens.length >= 3 && words.numbers.has(lastOf(tokens, 1)) && foundIn(tokens, words.negations) === undefined;
  if (counted && endsWith(tokens.slice(0, -1), words.beforeAmounts) === 0) return { confidence: 0.5, reason: "either" };
  if (endsWith(tokens, words.either) === 0) return undefined;
  if (asks > 0 && sentence.length >= 4) return { confidence: 0.65, reason: "question" };
  return { confidence: asked && tokens.length <= 3 ? 0.6 : 0.4, reason: "either" };
}

function unfinished(tokens: readonly string[], count: number, words: Words): Verdict {
  const reason = words.unfinished.get(lastOf(tokens, count)) as UnfinishedReason;
  return { confidence: UNFINISHED[reason], reason };
}

/** What ends with something unfinished and may be over all the same: "yes, I can", "how old are you", "what is it for". */
function allTheSame(
  said: Said,
  sentence: readonly string[],
  open: number,
  asked: boolean,
  words: Words,
): Verdict | undefined {
  const last = lastOf(sentence, 1);
  const short = sentence.length === 2 && open === 1 && words.pronouns.has(sentence[0] as string);
  if (short && (asked || said.sentence.length > 2) && words.unfinished.get(last) === "auxiliary")
    return { confidence: 0.86, reason: "answer" };
  // "Stop what time is it": what stands before a question, without a comma, does not make it less of one.
  const asks = sentence.findLastIndex((word) => words.interrogatives.has(word));
  // "What time is it", and "I would like to know what time it is".
  const ends = [last, sentence.at(-2) as string];
  const [verb, subject] = words.pronouns.has(last) ? ends.reverse() : ends;
  const whole = words.copulas.has(verb as string) && words.pronouns.has(subject as string);
  if (asks >= 0 && sentence.length - asks >= 3 && open <= 2 && whole) return { confidence: 0.8, reason: "question" };
  if (asks !== 0 || sentence.length < 3) return undefined;
  return sentence.length >= 4 && words.stranded.has(last) ? { confidence: 0.55, reason: "question" } : undefined;
}

/** By the sentence as such. */
function judgeWhole(said: Said, sentence: readonly string[], asked: boolean, words: Words): Verdict {
  const count = sentence.length;
  if (beginsWith(sentence, words.questions) > 0 || said.mark === "?") {
    // "Should we": the verb is missing.
    if (count <= 3 && words.pronouns.has(lastOf(sentence, 1)) && !words.interrogatives.has(sentence[0] ?? ""))
      return { confidence: 0.15, reason: "opening" };
    return { confidence: count >= 4 || said.mark === "?" ? 0.9 : 0.75, reason: "question" };
  }
  if (asked && count <= 4) return { confidence: 0.86, reason: "answer" };
  if (beginsWith(sentence, words.commands) > 0 && count >= 2) return { confidence: 0.82, reason: "command" };
  // "It's broken" has all that a sentence needs.
  const whole = count >= 3 || words.unfinished.get(sentence[0] ?? "") === "auxiliary";
  return whole ? { confidence: 0.74, reason: "statement" } : { confidence: 0.6, reason: "fragment" };
}

const lastOf = (tokens: readonly string[], count: number): string => tokens.slice(-count).join(" ");

/** Without "well", "hello" and the like in front, as long as something stays. */
function withoutLeads(sentence: readonly string[], words: Words): readonly string[] {
  let rest = sentence;
  for (
    let count = beginsWith(rest, words.leads);
    count > 0 && count < rest.length;
    count = beginsWith(rest, words.leads)
  )
    rest = rest.slice(count);
  return rest;
}
