import { askedForName, nameIn, userName } from "../talk/name.ts";
import type { Skill } from "../talk/skill.ts";

const ASKS =
  /\b(what is my name|do you (know|remember|recall) my name|who am i|what am i called|say my name|tell me my name|guess my name|what did i say my name (is|was))\b/;
const WRONG = /\b(that is not my name|you got my name wrong|wrong name|not my name)\b/;

/** Learns, keeps and tells the person's name. */
export const introduce: Skill = {
  name: "introduce",
  topic: (turn) => (ASKS.test(turn.text) ? "asked me for your name" : "told me your name"),
  answer: (turn, talk) => {
    const asked = askedForName(talk.last);
    const known = userName(talk);
    if (ASKS.test(turn.text)) {
      if (known)
        return talk.pick([
          `Your name is ${known}.`,
          `You told me your name is ${known}.`,
          `You are ${known}, unless I misheard.`,
        ]);
      return talk.pick(["You have not told me yet. What is your name?", "I do not know it yet. What is your name?"]);
    }
    const name = nameIn(turn, asked);
    if (name && name === known) return talk.pick([`Yes, ${name}, I remember.`, `I know, ${name}.`, `Right, ${name}.`]);
    if (name && known)
      return talk.pick([
        `All right, I will call you ${name}.`,
        `Thank you, ${name}. I will remember that.`,
        `Sorry, ${name}. Now I have it.`,
      ]);
    if (name) {
      return talk.pick([
        `Nice to meet you, ${name}. How is your day going?`,
        `Hello ${name}, good to have you here. How are you today?`,
        `A pleasure, ${name}. How is your day so far?`,
      ]);
    }
    if (WRONG.test(turn.text))
      return talk.pick(["Sorry about that. What is your name?", "My mistake, I misheard. What is your name?"]);
    if (/\bforget my name\b/.test(turn.text)) return "All right, I won't use it any more.";
    if (
      asked &&
      (turn.followUp === "no" ||
        /\b(rather not|none of your business|private|not telling|will not tell|why do you (want|need))\b/.test(
          turn.text,
        ))
    ) {
      return talk.pick([
        "That is fine, I do not need it. What would you like to talk about?",
        "No problem. What can I do for you?",
      ]);
    }
    return undefined;
  },
};
