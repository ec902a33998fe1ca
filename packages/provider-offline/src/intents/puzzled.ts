import type { Skill } from "../talk/skill.ts";

const QUESTION =
  /^(what|who|whose|where|when|why|how|which|can|could|would|should|do|does|did|is|are|was|were|will|have|has|tell me|explain|define)\b/;
/** Single sounds and words that recognisers write for breath and noise. */
const NOISE = /^(|ah|oh|eh|mm|hm|mhm|the|a|an|you|and|so|but|i|it|to|of|in|on|or|uh|ha|s|t|thank|like|er)$/;

/** Nothing that could be understood was said. */
export const noise: Skill = {
  name: "noise",
  answer: ({ raw, text }, talk) =>
    text === "" && /\b(u+m+|u+h+m*|h+m+|e+r+m*)\b/i.test(raw)
      ? talk.pick(["Take your time.", "No hurry.", "I am listening."])
      : NOISE.test(text)
        ? talk.pick([
            "Sorry, I did not catch that.",
            "I did not hear any words. Could you say it again?",
            "Pardon? It was too quiet for me.",
          ])
        : undefined,
};

/** What remains: says so, and what would work. */
export const puzzled: Skill = {
  name: "puzzled",
  answer: ({ text }, talk) => {
    if (QUESTION.test(text)) {
      return talk.pick([
        "I do not know that one. I only have my own small lists, and no network.",
        "That is beyond me, sorry. Ask me about capitals, planets or sums.",
        "I have no answer to that. Shall I tell you a joke instead?",
        "Good question, but my rules do not cover it.",
        "I would need a real language model for that. Try something smaller.",
      ]);
    }
    return talk.pick([
      "I did not quite catch that. Could you say it in another way?",
      "I am not sure what you mean. You can ask me what I can do.",
      "That went over my head. Try asking for a riddle, a story or the time.",
      "I heard you, but I did not understand. Could you put it more simply?",
      "Sorry, my rules have nothing for that. What else is on your mind?",
    ]);
  },
};
