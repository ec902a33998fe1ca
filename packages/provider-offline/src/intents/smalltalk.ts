import type { Skill } from "../talk/skill.ts";
import type { Talk } from "../talk/talk.ts";
import { recase } from "../words/recase.ts";
import { capitalize, reflect } from "../words/reflect.ts";

const MAX_WORDS = 8;

type Reply = (thing: string) => readonly string[];

/** What people tell of themselves: the pattern names the thing, the reply gives it back. */
const STATEMENTS: readonly (readonly [RegExp, Reply])[] = [
  [
    /\bmy favou?rite \w+ (?:is|are) (.+)$/,
    (thing) => [`${capitalize(thing)}, a good choice. Why that one?`, `${capitalize(thing)} it is. Since when?`],
  ],
  [
    /\bmy (?:\w+) name is (.+)$|\bis called (.+)$/,
    (thing) => [`${capitalize(thing)} is a nice name.`, `Say hello to ${capitalize(thing)} from me.`],
  ],
  [
    /^(?:the weather|it) is (?:really |very |so |quite |still )?(?:raining|snowing|sunny|cloudy|hot|cold|warm|nice|bad|terrible|beautiful|windy|foggy|lovely|awful)\b/,
    () => ["Then it is a good day to talk.", "I will take your word for it, I have no window."],
  ],
  [
    /\bi (?:really |also |just )?(?:like|love|enjoy|adore) (?!to know|to hear|that$|it$|this$)(.+)$/,
    (thing) => [`${capitalize(thing)}, nice. What do you like about it?`, `So you like ${thing}. How did that start?`],
  ],
  [
    /\bi (?:really )?(?:hate|dislike|can not stand|do not like) (.+)$/,
    (thing) => [`What is wrong with ${thing}?`, `I see, ${thing} is not for you. Why is that?`],
  ],
  [
    /\bi have (?:got )?((?:a|an|two|three|four|five|some|my) .+)$/,
    (thing) => [
      `You have ${thing}. Tell me a little more about that.`,
      `That sounds interesting. What is it like, to have ${thing}?`,
    ],
  ],
  [
    /\bi (?:work|am working) (?:as|at|for|in|with) (.+)$/,
    (thing) => [`What is the best part of that?`, `Interesting. How long have you worked with ${thing}?`],
  ],
  [
    /\bi am (?:just |still |currently |also )?(?!going to|looking|from|called)\w+ing\b.*$/,
    () => ["How is it going?", "That sounds interesting. How did you get to it?", "And how do you like it?"],
  ],
  [
    /\bi am (?:a|an) (.+)$/,
    (thing) => [
      `What is it like, to be a ${thing}?`.replace(/ a ([aeiou])/, " an $1"),
      "Interesting. How did you come to that?",
    ],
  ],
  [
    /\bi (?:live|am|come|am coming|am calling) (?:in|from) (.+)$/,
    (thing) => [
      `What is it like in ${capitalize(thing)}?`,
      `I have never been to ${capitalize(thing)}, or anywhere. Do you like it there?`,
    ],
  ],
  [/\bi (?:want|would like|need|wish) (?:to )?(.+)$/, (thing) => [`What keeps you from it?`, `Why ${thing}?`]],
  [
    /\bi (?:went|was|have been|am going|go) (?:to|in|at) (.+)$/,
    () => ["How was it?", "That sounds nice. Who was with you?"],
  ],
  [
    /\bi (?:play|am playing|am learning|learn|study|am studying|read|am reading|cook|watch|am watching|made|make|bought|built|build|wrote|write|saw) (.+)$/,
    (thing) => [`Tell me about ${thing}.`, "How long have you been doing that?"],
  ],
  [
    /\bi (?:think|believe|guess|feel|suppose) (?:that )?(.+)$/,
    (thing) => [`What makes you think ${thing}?`, "That may well be. Why do you think so?"],
  ],
  [
    /\bmy (\w+(?: \w+)?) (?:is|are|was|has|likes|loves|said|says|wants|works|lives|died|did|does)\b/,
    (thing) => [`Tell me more about your ${thing}.`, "I see. And how do you feel about that?"],
  ],
  [
    /\b(?:we|they|he|she) (?:are|is|was|were|have|has|went|did|do|like|likes|want|wants) .+$/,
    () => ["I see. And how do you feel about it?", "What happened then?"],
  ],
  [
    /^(?:well )?because (.+)$/,
    () => ["That makes sense.", "I see. Thank you for explaining.", "That is a good reason."],
  ],
  [
    /\b(?:today|yesterday|last (?:week|night|year|weekend)|this morning|tomorrow|tonight)\b.*\b(?:i|we|my)\b|\b(?:i|we) .*\b(?:today|yesterday|tomorrow|tonight|last (?:week|night))\b/,
    () => ["That sounds like quite a day. How did it go?", "And what comes next?"],
  ],
  [
    /^(?:and |but |so |well |yes |no )*(?:i|we) (?!do not know|see$|guess so|have no idea)\w+ .+$/,
    () => ["I see. Tell me more about that.", "And how did that make you feel?", "I understand. What happened then?"],
  ],
];

const QUESTION =
  /^(what|who|where|when|why|how|which|can|could|would|should|do|does|did|is|are|will|tell|give|show|play|set|please|explain|define|name|find)\b/;

/** Gives back what the person tells, with a small question. */
export const statement: Skill = {
  name: "statement",
  topic: ({ text }) =>
    /\bi (?:really |also )?(?:like|love|enjoy) /.test(text)
      ? `said you ${reflect(text.replace(/^.*?\bi (?:really |also )?(?=like|love|enjoy)/, ""))}`
      : "told me about yourself",
  answer: ({ raw, text, words }, talk) => {
    if (QUESTION.test(text) || words.length < 3) return undefined;
    for (const [pattern, reply] of STATEMENTS) {
      const match = pattern.exec(text);
      if (!match) continue;
      const thing = recase(
        reflect(
          (match.slice(1).find(Boolean) ?? "").replace(
            / (very much|a lot|so much|too|as well|today|yesterday|really)$/,
            "",
          ),
        ),
        raw,
      );
      const short = thing.split(" ").length <= MAX_WORDS;
      const replies = reply(thing).filter((wording) => short || !wording.toLowerCase().includes(thing.toLowerCase()));
      return talk.pick(replies.length > 0 ? replies : ["I see. Tell me more."]);
    }
    return undefined;
  },
};

/** Any other answer to a question the assistant asked. */
export const answered: Skill = {
  name: "answered",
  answer: ({ text, words, followUp }, talk) => {
    const invited =
      (talk.answers[0]?.text ?? "").trim().endsWith("?") ||
      /\b(i am listening|tell me (a little )?more)\b/.test(talk.last);
    if (!invited || QUESTION.test(text) || words.length === 0) return undefined;
    if (followUp === "give-up")
      return talk.pick(["That is fine. What else is on your mind?", "Then let us talk about something else."]);
    if (followUp && followUp !== "and") return undefined;
    if (words.length === 1) return undefined;
    return talk.pick([
      "I see. Thank you for telling me.",
      `That is interesting. ${suggestion(talk)}`,
      "All right, I understand.",
      `Good to know. ${suggestion(talk)}`,
    ]);
  },
};

function suggestion(talk: Talk): string {
  return talk.pick([
    "Would you like to hear a joke?",
    "Shall I ask you a riddle? Just say riddle.",
    "Do you want to hear a story? Just say story.",
    "Ask me something, if you like.",
  ]);
}
