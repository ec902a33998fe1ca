import type { Skill } from "../talk/skill.ts";
import { capitalize } from "../words/reflect.ts";
import { firstSentences, speakable } from "../words/speakable.ts";

const MAX_CHARS = 200;
/** "Please" in front of "repeat after me" comes out of a recogniser as "these", "he's" or "bees", and the order in quotes. */
const BEFORE = "(?:(?:can|could|would) you |now |i want you to |(?:[\\w']+ ){1,2}(?=repeats? after me))?";
const ORDER = `${BEFORE}(?:repeats? after me|say after me|say|repeat the words?)`;
const ORDERED = new RegExp(`^${ORDER} \\S`);
const SPOKEN = new RegExp(`^\\W*(?:(?:hey|please|okay|ok)\\W+)?${ORDER}\\b[^\\w]*(.+)$`, "i");

/** Says what it is told to say. */
export const echo: Skill = {
  name: "echo",
  verbatim: true,
  topic: "made me repeat your words",
  answer: ({ raw, text }) => {
    if (!ORDERED.test(text)) return undefined;
    if (/\bsay (the alphabet|the abc|something|anything|that|it|again|goodbye to|my name|what|when|who)\b/.test(text))
      return undefined;
    const words = speakable(SPOKEN.exec(raw.trim())?.[1] ?? "").slice(0, MAX_CHARS);
    if (words === "") return undefined;
    const greeted = /^(?:hello|hi) to (?:my )?(.+?)[.!]?$/i.exec(words)?.[1];
    if (greeted) return `Hello, ${greeted}!`;
    const sentence = capitalize(firstSentences(words, 3));
    return /[.?!]$/.test(sentence) ? sentence : `${sentence}.`;
  },
};
