import { userName } from "../talk/name.ts";
import type { Skill } from "../talk/skill.ts";

interface Courtesy {
  readonly pattern: RegExp;
  readonly answers: (name: string) => readonly string[];
}

const COURTESIES: readonly Courtesy[] = [
  {
    pattern:
      /\b(thank you|thanks|thank|thx|cheers|much appreciated|i appreciate (it|that)|that (is|was) (very )?(helpful|kind|useful))\b/,
    answers: (name) => [
      `You are welcome${name}.`,
      "My pleasure.",
      `Any time${name}.`,
      "Glad I could help.",
      "No problem at all.",
    ],
  },
  {
    pattern: /\b(i am sorry|sorry about that|my apologies|i apologize|forgive me|my bad|my mistake)\b/,
    answers: () => ["No need to be sorry.", "That is all right.", "No harm done."],
  },
  {
    pattern:
      /\bi (love|like|adore) you\b|\bwill you marry me\b|\byou are my (best )?friend\b|\bdo you (love|like) me\b/,
    answers: () => [
      "That is kind. I am fond of this conversation, as far as a program can be.",
      "You are very sweet. I am only rules, but polite ones.",
    ],
  },
  {
    pattern:
      /\b(you are|you re|that is|that was|you sound|you have|what a) (a |an |so |very |really |pretty |quite |doing )*(great|good|nice|awesome|amazing|smart|clever|wonderful|funny|helpful|cool|kind|sweet|brilliant|fantastic|impressive|the best|perfect|nice voice|good (job|work)|great (job|work)|best|polite|friendly|cute|beautiful|intelligent|correct|excellent)\b|\b(good|great|nice|excellent) (job|work|answer|voice)\b|\bwell done\b|\bgood (boy|girl|bot|robot)\b|^(impressive|awesome|amazing|brilliant|wonderful|perfect|excellent|fantastic)$/,
    answers: (name) => [
      `Thank you${name}, that is nice to hear.`,
      "You are very kind.",
      "Thank you. I do my best with what I have.",
      "That makes my rules blush.",
    ],
  },
  {
    pattern:
      /\b(you are|you re|this is|that is|you) (a |an |so |very |really |such a |such an |just )*(stupid|dumb|idiot|useless|annoying|terrible|bad|boring|wrong|slow|horrible|crazy|fool|moron|suck|sucks|garbage|trash|awful|not (very )?(smart|helpful|good|clever)|incorrect|false)\b|\b(i hate you|shut your|go away|screw you|damn you|you suck)\b|^(wrong|that is not (right|correct|true)|no that is (wrong|not right))\b/,
    answers: () => [
      "I am sorry. I am a simple program, and I get things wrong.",
      "Fair enough. Could you ask it in another way?",
      "Sorry about that. Tell me what you need, and I will try again.",
    ],
  },
  {
    pattern:
      /\b(happy birthday|merry christmas|happy new year|happy (easter|halloween|holidays|thanksgiving)|congratulations)\b/,
    answers: (name) => [`The same to you${name}, and thank you.`, "Thank you very much."],
  },
  {
    pattern: /\b(it is|today is|tomorrow is) my birthday\b/,
    answers: (name) => [`Happy birthday${name}! I hope there is cake.`, `Then all the best to you${name}!`],
  },
  { pattern: /\bbless you\b|\ba?choo\b/, answers: () => ["Bless you."] },
];

/** Thanks, compliments, insults and wishes. */
export const courtesy: Skill = {
  name: "courtesy",
  answer: ({ text, words }, talk) => {
    if (words.length > 12) return undefined;
    const found = COURTESIES.find(({ pattern }) => pattern.test(text));
    if (!found) return undefined;
    // A politeness before a request is not what is to be answered.
    if (/\b(what|who|when|where|how|why|which|tell me|can you|could you) \w+ \w+/.test(text) && words.length > 5)
      return undefined;
    const name = userName(talk);
    return talk.pick(found.answers(name ? `, ${name}` : ""));
  },
};
