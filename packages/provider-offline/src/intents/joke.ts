import { JOKES } from "../content/jokes.ts";
import type { Skill } from "../talk/skill.ts";
import { recogniser, type Talk } from "../talk/talk.ts";

const toldIn = recogniser(JOKES, (entry) => entry);
const WANTS =
  /\b(jokes?|make me (laugh|smile)|cheer me up|something funny|be funny|you funny|funny (one|story)|humor)\b/;
const OFFERED = /\b(hear|want|like|try|tell you|how about)\b.*\bjoke\b/;
const LAUGHS =
  /^(ha|haha|hehe|lol|hilarious|(that is|that was|it is|very|so|really|pretty) (very |really |so |pretty )?(funny|good|hilarious|great)( one)?|funny|good one|nice one|i (like|love|liked|loved) (it|that|that one|this one))\b/;
const GROANS =
  /\b(not funny|bad joke|terrible|awful|lame|boring|stupid joke|worst joke|not (very |so )?(good|funny)|do not like (it|that)|heard (it|that)( one)? (before|already)|old joke)\b/;
const PUZZLED = /\b(do not (get|understand) (it|that|the joke)|why is (that|it) funny|explain( the joke| it| that)?)\b/;

/** Jokes, and knock knock jokes the other way round. */
export const joke: Skill = {
  name: "joke",
  topic: ({ text }) => (WANTS.test(text) ? "asked for a joke" : undefined),
  answer: ({ text, words, followUp }, talk) => {
    if (/^knock knock\b/.test(text)) return "Who is there?";
    if (talk.last === "who is there" && words.length > 0 && words.length <= 6)
      return `${words.join(" ").replace(/^./, (first) => first.toUpperCase())} who?`;
    if (/ who$/.test(talk.last) && talk.answers[1]?.words === "who is there")
      return talk.pick(["Good one. I would laugh if I could.", "That is a nice one, I will not tell anybody."]);
    const told = toldIn(talk.last) !== undefined;
    if (told && PUZZLED.test(text))
      return "It plays with two meanings of the words. A joke gets smaller when it is explained.";
    if (told && GROANS.test(text))
      return talk.pick(["A tough crowd. Want another one?", "I only have the jokes I was given. Another one?"]);
    if (told && LAUGHS.test(text))
      return talk.pick(["I am glad you liked it. Another one?", "Thank you, I will be here all day. One more?"]);
    if (WANTS.test(text) && !/\b(no|not|stop) (more )?jok/.test(text)) return tell(talk);
    if (!told && !OFFERED.test(talk.last) && !/\b(another one|one more)$/.test(talk.last)) return undefined;
    if (followUp === "more" || (followUp === "yes" && asked(talk)))
      return told || OFFERED.test(talk.last) || jokedBefore(talk) ? tell(talk) : undefined;
    if (followUp === "no") return talk.pick(["All right, no more jokes.", "Okay. What would you like instead?"]);
    return undefined;
  },
};

function asked(talk: Talk): boolean {
  return OFFERED.test(talk.last) || /\b(another one|one more)$/.test(talk.last);
}

function jokedBefore(talk: Talk): boolean {
  return toldIn(talk.answers[1]?.words) !== undefined;
}

function tell(talk: Talk): string {
  const text = talk.pick(JOKES);
  const sentences = text.match(/[.?!]/g)?.length ?? 0;
  return sentences <= 2 && talk.world.random() < 0.5
    ? `${text} ${talk.pick(["Want another one?", "Shall I tell one more?"])}`
    : text;
}
