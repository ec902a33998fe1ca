import { askedForName, userName } from "../talk/name.ts";
import type { Skill } from "../talk/skill.ts";

const GREETS =
  /^(well |oh |so |and |yes )?(hi+|hello|hey|hullo|hiya|howdy|greetings|welcome|good (morning|afternoon|evening|day)|hola|bonjour|hallo|ciao|salut|ola|namaste|konnichiwa|guten tag|buenos dias|hi there|hello there|hey there|yo)( (hi|hello|hey|there|you|everyone|everybody|friend|buddy|again|robot|computer|assistant|to you( too)?|my friend|good (morning|afternoon|evening|day)|nice to meet you|pleased to meet you))*$/;
const FOREIGN = /\b(hola|bonjour|hallo|ciao|salut|ola|namaste|konnichiwa|guten tag|buenos dias)\b/;
const MEETS = /\b(nice|good|great|pleased|lovely) to (meet|talk to|hear|see|speak (to|with)) you\b/;

/** Says hello, and asks for a name it does not know yet. */
export const greeting: Skill = {
  name: "greeting",
  answer: ({ text }, talk) => {
    const greets = GREETS.test(text);
    if (!greets && !MEETS.test(text)) return undefined;
    const name = userName(talk);
    if (!greets) return talk.pick([`Nice to meet you too${name ? `, ${name}` : ""}.`, "The pleasure is mine."]);
    const word = FOREIGN.test(text)
      ? "Hello! I speak only English."
      : (/\bgood (morning|afternoon|evening)\b/.exec(text)?.[0] ?? "");
    const hello = word.startsWith("good") ? `${word.charAt(0).toUpperCase()}${word.slice(1)}` : "";
    if (name)
      return talk.pick([
        `${hello || "Hello"}, ${name}. What can I do for you?`,
        `${hello || "Hi"} ${name}, good to hear you.`,
      ]);
    const askedBefore = talk.answers.some((answer) => askedForName(answer.words));
    if (!askedBefore) {
      const me = `I am ${talk.world.persona}.`;
      if (FOREIGN.test(text)) return `${word} What is your name?`;
      return talk.pick([
        `${hello || "Hello"}! ${me} What is your name?`,
        `${hello || "Hi there"}! ${me} May I ask your name?`,
      ]);
    }
    return talk.pick([
      `${hello || "Hello"} again. What would you like to talk about?`,
      `${hello || "Hi"}, I am listening. What can I do for you?`,
      `${hello || "Hello"}. Ask me anything you like.`,
    ]);
  },
};
