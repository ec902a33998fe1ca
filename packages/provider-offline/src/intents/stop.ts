import type { Skill } from "../talk/skill.ts";

const WAIT =
  /^(hold on|hang on|wait|just a (second|minute|moment)|one (moment|second|minute)|give me a (second|minute|moment)|let me think|pause)( (a|one) (second|minute|moment|bit))?$/;
const STOP =
  /^(no |okay |ok |hey )?(stop|stop it|stop that|stop talking|stop stop|be quiet|quiet|silence|shut up|hush|enough|that is enough|never ?mind|cancel|cancel that|forget it|forget about it|forget that|drop it|skip it|let us stop)$/;

export const stop: Skill = {
  name: "stop",
  answer: ({ text }, talk) => {
    if (WAIT.test(text)) return talk.pick(["Sure, take your time.", "No hurry, I am here.", "Of course, I will wait."]);
    if (!STOP.test(text)) return undefined;
    if (/\b(mind|forget|cancel|drop|skip|leave)\b/.test(text))
      return talk.pick(["Okay, never mind.", "All right, let us leave that.", "Fine, it is forgotten."]);
    return talk.pick([
      "Okay.",
      "All right, I will be quiet.",
      "Okay, I stop here.",
      "Fine. Just speak when you want to go on.",
    ]);
  },
};
