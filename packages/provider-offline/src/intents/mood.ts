import { userName } from "../talk/name.ts";
import type { Skill } from "../talk/skill.ts";

const ASKS_ME =
  /\b(how are you|how are things|how is it going|how is life|how do you do|how have you been|how was your (day|night|weekend)|how is your day|are you (ok|okay|well|fine|good|happy)|how do you feel|what is up|whats up|what is new|how you doing|what are you doing|what are you up to)\b/;
const ASKED = /\b(how are you|how about you|how is your day|and you|how do you feel|how was your day)\b/;
const GOOD =
  /\b(good|great|fine|well|okay|ok|happy|wonderful|fantastic|excellent|amazing|awesome|perfect|not (too )?bad|all right|alright|can not complain|pretty good|excited|super|lovely|better)\b/;
const BAD =
  /\b(bad|not (so |very |that |too )?(good|great|well|fine)|terrible|awful|tired|exhausted|sad|depressed|sick|ill|stressed|lonely|angry|upset|could be better|so so|horrible|rough|worried|anxious|unhappy|headache|sleepy|scared|nervous|frustrated|miserable|down|low|lousy|overwhelmed|heartbroken|grumpy|under the weather|a mess)\b/;
const ABOUT_ME =
  /^(and |well |oh |today )*(i am|i feel|i am feeling|i have been|feeling|my day (is|was)|it is|it was|doing|life is|i (?:had|have had|am having) (?:a |an |such a |my )?(?:\w+ ){0,2}(?:day|night|week|morning|evening|time))\b/;

/** How both are doing. */
export const mood: Skill = {
  name: "mood",
  topic: ({ text }) => (ABOUT_ME.test(text) ? "told me how you are" : undefined),
  answer: ({ text, words, followUp }, talk) => {
    const asked = ASKED.test(talk.last);
    const about =
      ABOUT_ME.test(text) && /\b(am|feel|feeling|day|been|doing|life|night|week|morning|evening|time)\b/.test(text);
    if (
      ASKS_ME.test(text) ||
      (asked && /\b(you|yourself)$/.test(text) && /\b(and|about) (you|yourself)\b/.test(text))
    ) {
      const kind = GOOD.test(text.replace(ASKS_ME, "")) && (asked || about) ? "That is good to hear. " : "";
      if (kind) return `${kind}I am well too, thank you.`;
      if (/\bdoing\b|\bup to\b/.test(text) && !/\bhow\b/.test(text))
        return talk.pick(["I am listening to you.", "Waiting for your next sentence. What about you?"]);
      return talk.pick([
        "I am doing well, thank you. How about you?",
        "Very well, thanks for asking. And you?",
        "Fine, all my rules are in order. How are you?",
      ]);
    }
    if (!asked && !about) return undefined;
    if (words.length > 9 && !asked) return undefined;
    const name = userName(talk);
    if (BAD.test(text)) {
      return talk.pick([
        "I am sorry to hear that. Would a joke help?",
        "That does not sound easy. Do you want to talk about it?",
        "Sorry to hear it. I hope it gets better soon.",
      ]);
    }
    if (GOOD.test(text) || (asked && followUp === "yes")) {
      return talk.pick([
        `Glad to hear it${name ? `, ${name}` : ""}. What would you like to talk about?`,
        "That is good to hear. Shall I tell you a joke, or would you like a riddle?",
        "Lovely. What can I do for you?",
      ]);
    }
    return asked &&
      words.length > 0 &&
      words.length <= 8 &&
      !/^(what|who|where|when|why|how|can|could|do|tell|is|are)\b/.test(text)
      ? talk.pick(["I see. What would you like to talk about?", "All right. What can I do for you?"])
      : undefined;
  },
};
