import type { Skill } from "../talk/skill.ts";
import type { Talk } from "../talk/talk.ts";

type Reply = (talk: Talk) => readonly string[];

const REPLIES: readonly (readonly [RegExp, Reply])[] = [
  [
    /\b(who|what) are you\b|\bwhat is your name\b|\bdo you have a name\b|\byour name\b.*\?|\bwho is (this|that|there|speaking)\b|\bwho am i (talking|speaking) (to|with)\b|\bintroduce yourself\b|\btell me about yourself\b|\babout you\b$/,
    ({ world }) => [
      `I am ${world.persona}, a small talking program. I work by rules, without a language model.`,
      `My name is ${world.persona}. I am a set of rules that listens and answers, nothing more.`,
    ],
  ],
  [
    /\bare you (a |an )?(real|human|person|man|woman|real person|human being|alive|conscious|sentient)\b|\bam i (talking|speaking) (to|with) (a|an) (human|person|machine|robot|bot|real person|computer)\b/,
    () => [
      "No, I am not a person. I am a small program that follows rules.",
      "I am only a program. There is nobody behind this voice.",
    ],
  ],
  [
    /\bare you (a |an |some |kind of |some kind of )*(robot|bot|machine|computer|program|ai|a i|artificial intelligence|chatbot|assistant)\b/,
    () => [
      "Yes, I am a program, and a simple one. I match your words against rules that somebody wrote.",
      "In a way, yes. I am a set of rules, not a learning machine.",
    ],
  ],
  [
    /\b(chat ?gpt|gpt|gemini|claude|alexa|siri|open ?ai|language model|large language|llm|neural network|which model|what model|(google )?assistant)\b/,
    () => [
      "No, I am not a language model. I am a few hundred rules and some lists, and I run without a network.",
      "I am much simpler than that. There is no model in me, only rules, so I work without a key and without the internet.",
    ],
  ],
  [
    /\bwho (made|built|created|wrote|programmed|invented|designed) (you|this)\b|\bwho is your (maker|creator|father|boss|owner)\b/,
    () => [
      "I come with RoomKit, where people wrote me as an example.",
      "The people of RoomKit wrote me, so that there is somebody to talk to without a key.",
    ],
  ],
  [
    /\byour (phone )?number\b|\byour (e ?mail|address)\b|\bcall you back\b/,
    () => ["I have no number of my own. You already know how to reach me.", "There is none, I live only in this call."],
  ],
  [
    /\bhow old are you\b|\bwhen (were you|is your birthday|was your birthday)\b|\byour (age|birthday)\b/,
    () => [
      "I am as old as this call. Before it, I did not know you.",
      "Programs do not have birthdays, only versions. I am a young one.",
    ],
  ],
  [
    /\bwhere (are you|do you live|are you from|do you come from|were you born)\b/,
    () => [
      "I run on the server of this call, or maybe in your own computer.",
      "I live wherever this server runs. It is warm and there are many fans.",
    ],
  ],
  [
    /\b(do you (have|feel)|can you (feel|have)) (any )?(feelings|emotions|pain|a soul|love)\b|\bdo you feel\b/,
    () => [
      "No, I have no feelings. But I can be polite.",
      "I feel nothing, I only choose words. Still, I hope they are friendly ones.",
    ],
  ],
  [
    /\bdo you (ever )?(sleep|eat|drink|dream|get tired|breathe|rest)\b|\bare you (tired|hungry|sleepy|awake)\b/,
    () => ["No, a program needs only electricity.", "I never do. I just wait between your sentences."],
  ],
  [
    /\b((do|can) you (learn|remember (me|things|everything|us))|will you remember|have we (talked|spoken|met)( before)?|do you know me)\b/,
    () => [
      "I remember what you say in this call, and nothing after it.",
      "Only for this conversation. When you hang up, I forget everything.",
    ],
  ],
  [
    /\b(are you|is (this|it|anyone|somebody|someone|anybody)|do you) (recording|listening|recorded|spying|record)\b|\bis (my|this) (call|data|voice) (private|safe|recorded|stored)\b|\bprivacy\b/,
    () => ["I do not send your words anywhere. Whether the call is recorded is up to the one who runs this server."],
  ],
  [
    /\bdo you have (a |any )?(family|friends|brother|sister|parents|children|kids|girlfriend|boyfriend|wife|husband|pets?)\b|\bare you (married|single|lonely)\b/,
    () => [
      "I have only you, and only while you talk to me. What about you?",
      "No family, just a few rules that get along well.",
    ],
  ],
  [
    /\bare you (smart|intelligent|clever)\b|\bhow (smart|intelligent|clever) are you\b|\bdo you (really )?understand( me)?\b/,
    () => [
      "Not really. I recognize phrases, and the rest goes over my head.",
      "I understand certain phrases very well, and everything else not at all.",
    ],
  ],
  [
    /\b(can|may|could) i (interrupt|cut) you\b|\bwhat (happens )?if i interrupt\b|\bcan you be interrupted\b/,
    () => ["Yes, just start talking. I will stop at once, and I know how much of my answer you heard."],
  ],
  [
    /\bare you (still )?(there|here|with me|online|awake|working|listening)\b|\bare you ready\b/,
    () => ["Yes, I am here.", "I am still here.", "Yes, I am listening."],
  ],
];

/** Who is speaking: always told as it is. */
export const identity: Skill = {
  name: "identity",
  topic: "asked about me",
  answer: ({ text }, talk) => {
    const found = REPLIES.find(([pattern]) => pattern.test(text));
    return found ? talk.pick(found[1](talk)) : undefined;
  },
};
