import type { Skill } from "../talk/skill.ts";

const HELP =
  /\b(what (can|could|do) you (do|know|offer|talk about)|what (can|should|could) (i|we) (say|ask|do|talk about)|help( me)?$|how can you help|what are your (skills|abilities|features|options)|what else (can you do|do you know)|what are you (good at|able to do|for)|what do i (do|say)( now)?|i do not know what to (say|ask|do)|give me (some )?(options|ideas)|list your (skills|features)|options|surprise me with a topic)\b/;

const MATH =
  /\b(help me with|do|good at|know|can you) (some |my |any )?(math|maths|mathematics|sums|arithmetic|calculations?|calculate|homework)\b/;
const GAMES = /\b(play|know|have) (a |some |any )?(games?)\b|\bplay with me\b/;

export const help: Skill = {
  name: "help",
  topic: "asked what I can do",
  answer: ({ text }, talk) => {
    if (MATH.test(text))
      return talk.pick([
        "Sure, give me a sum. For example, twenty percent of eighty.",
        "Gladly. What should I calculate?",
      ]);
    if (GAMES.test(text))
      return talk.pick([
        "I know riddles, and rock, paper, scissors. Which one?",
        "We could play rock, paper, scissors, or I ask you a riddle.",
      ]);
    if (!HELP.test(text)) return undefined;
    return talk.pick([
      "I can tell the time, do sums, convert units, and name capitals. I also know jokes, riddles and stories.",
      "Ask me for a riddle, a story, or a fact about a planet. I can also flip a coin, spell a word, or count.",
      "Try, what is twelve times seven, or, what is the capital of Peru. Or just tell me about your day.",
      "You could ask me how this call works, or let me roll a die. And you can interrupt me whenever you like.",
    ]);
  },
};
