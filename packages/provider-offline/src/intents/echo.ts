import type { Skill } from "../talk/skill.ts";
import { capitalize } from "../words/reflect.ts";
import { firstSentences, speakable } from "../words/speakable.ts";

const MAX_CHARS = 200;
const ORDER =
  /^(?:(?:can|could|would) you |now |i want you to )?(?:repeat after me|say after me|say|repeat the words?)\b[\s,:]*(.+)$/i;

/** Says what it is told to say. */
export const echo: Skill = {
  name: "echo",
  verbatim: true,
  topic: "made me repeat your words",
  answer: ({ raw, text }) => {
    if (
      !/^((can|could|would) you |now |i want you to )?(repeat after me|say after me|say|repeat the words?) \S/.test(
        text,
      )
    )
      return undefined;
    if (/\bsay (the alphabet|the abc|something|anything|that|it|again|goodbye to|my name|what|when|who)\b/.test(text))
      return undefined;
    const words = speakable(ORDER.exec(raw.trim().replace(/^(hey|please|okay|ok)[,\s]+/i, ""))?.[1] ?? "").slice(
      0,
      MAX_CHARS,
    );
    if (words === "") return undefined;
    const greeted = /^(?:hello|hi) to (?:my )?(.+?)[.!]?$/i.exec(words)?.[1];
    if (greeted) return `Hello, ${greeted}!`;
    const sentence = capitalize(firstSentences(words, 3));
    return /[.?!]$/.test(sentence) ? sentence : `${sentence}.`;
  },
};
