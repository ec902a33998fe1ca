import { CURIOSITIES, FACTS } from "../content/facts.ts";
import type { Skill } from "../talk/skill.ts";
import { recogniser, type Talk } from "../talk/talk.ts";

const toldIn = recogniser(CURIOSITIES, (fact) => fact);
const WANTS =
  /\b((fun|interesting|random|cool|strange|weird|nice) (fact|thing)s?|a fact|facts|something (interesting|new|cool|fun|surprising|i do not know|about (the world|nature|animals))|teach me (something)?|did you know|surprise me|amaze me|trivia|tell me something|say something|talk to me|entertain me|i am bored)\b/;

/** Curious facts for those who want one. */
export const curiosities: Skill = {
  name: "curiosities",
  topic: "asked for something interesting",
  answer: ({ text, followUp }, talk) => {
    if (WANTS.test(text)) return tell(talk);
    const last = toldIn(talk.last);
    const before = toldIn(talk.answers[1]?.words);
    if (!last)
      return before && followUp === "more" && /\bi am only a list\b|\bnot the reason\b/.test(talk.last)
        ? tell(talk)
        : undefined;
    if (followUp === "more" || followUp === "yes") return tell(talk);
    if (followUp === "no") return talk.pick(["All right. What else can I do for you?", "Okay, enough facts."]);
    if (followUp === "why") return "I only know the fact, not the reason. Somebody wrote it into my list.";
    if (
      /^(really|is that true|are you sure|seriously|no way|i do not believe (it|that|you)|that is not true)\b/.test(
        text,
      )
    ) {
      return "As far as I know it is true. But I am only a list of facts, so do look it up.";
    }
    return undefined;
  },
};

/** A few dozen things people ask. */
export const facts: Skill = {
  name: "facts",
  topic: "asked me a question about the world",
  answer: ({ text }) => FACTS.find(([question]) => question.test(text))?.[1],
};

function tell(talk: Talk): string {
  const fact = talk.pick(CURIOSITIES);
  return talk.world.random() < 0.5
    ? fact
    : `${fact} ${talk.pick(["Would you like another one?", "Do you want one more?"])}`;
}
