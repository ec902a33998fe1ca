import { userName } from "../talk/name.ts";
import type { Skill } from "../talk/skill.ts";
import { capitalize } from "../words/reflect.ts";
import { sayCount } from "../words/say-number.ts";

const MAX_LETTERS = 24;

/** Spells words, and counts their letters. */
export const spelling: Skill = {
  name: "spelling",
  verbatim: true,
  topic: "asked me to spell something",
  answer: ({ text }, talk) => {
    const known = userName(talk);
    if (known && /\bspell (it|that)\b/.test(text) && talk.last.includes(known.toLowerCase())) return spell(known);
    if (/\b(alphabet|a b c|abc)\b/.test(text) && /\b(say|tell|recite|spell|know|what|sing)\b/.test(text))
      return `${letters("abcdefghijklmnopqrstuvwxyz")}.`;
    const count = /\bhow many letters (?:are |does )?(?:there )?(?:in |has )?(?:the word )?(\p{L}+)/u.exec(text)?.[1];
    if (count) return `The word ${count} has ${sayCount(count.length, "letter")}.`;
    if (/\bspell (out )?my (first )?name\b|\bmy name (is )?spelled\b/.test(text)) {
      return known ? spell(known) : "You have not told me your name yet. What is your name?";
    }
    if (/\bspell (out )?your name\b/.test(text)) return spell(talk.world.persona);
    const word =
      /\bspell(?:ing of)?(?: out)?(?: the)?(?: word| name)?(?: for me)? (\p{L}+)/u.exec(text)?.[1] ??
      /\bhow (?:is|do you write|do i write)(?: the word)? (\p{L}+)(?: spelled| written)?$/u.exec(text)?.[1];
    if (!word || (!/\bspell/.test(text) && !/\bwrite\b|\bspelled\b|\bwritten\b/.test(text))) return undefined;
    return ["it", "that", "for", "me", "something", "a"].includes(word) ? "Which word should I spell?" : spell(word);
  },
};

function spell(word: string): string {
  if (word.length > MAX_LETTERS) return "That is a very long word, I would rather not.";
  return `${capitalize(word)} is spelled ${letters(word.replace(/\P{L}/gu, ""))}.`;
}

function letters(word: string): string {
  return [...word.toUpperCase()].join(", ");
}
