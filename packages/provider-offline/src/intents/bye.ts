import { userName } from "../talk/name.ts";
import type { Skill } from "../talk/skill.ts";

const BYE =
  /\b(goodbye|bye|bye bye|see you|see ya|talk to you (later|soon|tomorrow)|talk (later|soon)|good night|have a (good|nice|great|lovely) (day|one|evening|night|weekend|time)|i (have|need|got|must|should) (to )?(go|run|leave)( now)?|i am (leaving|off)|hang up|end the call|that is (all|it) for (now|today)|that will be all|farewell|catch you later|take care|until next time|so long)\b/;

export const bye: Skill = {
  name: "bye",
  answer: ({ text, words }, talk) => {
    if (!BYE.test(text) || words.length > 12 || /\b(spell|how do you say|what does|can you hang up)\b/.test(text))
      return undefined;
    const name = userName(talk);
    const to = name ? `, ${name}` : "";
    if (/\bgood night\b/.test(text))
      return talk.pick([`Good night${to}. Sleep well.`, `Good night${to}. It was nice talking to you.`]);
    return talk.pick([
      `Goodbye${to}. It was nice talking to you.`,
      `Bye${to}. Take care of yourself.`,
      `See you${to}. Call again any time.`,
      `Until next time${to}. Have a good day.`,
    ]);
  },
};
