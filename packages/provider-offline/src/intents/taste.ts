import type { Skill } from "../talk/skill.ts";
import { capitalize, reflect } from "../words/reflect.ts";

const FAVORITE =
  /\b(?:what is|whats|who is|do you have|tell me|which is) (?:a |any |me )?(?:your|a) favou?rite (\w+(?: \w+)?)|\byour favou?rite (\w+)/;
const KNOWN: Readonly<Record<string, string>> = {
  color: "I would pick blue, it sounds calm.",
  colour: "I would pick blue, it sounds calm.",
  number: "Eight thousand, it is a fine sample rate.",
  animal: "The parrot, for professional reasons.",
  food: "I do not eat, but I hear good things about soup.",
  movie: "I cannot watch movies, but I like the ones with long dialogues.",
  film: "I cannot watch films, but I like the ones with long dialogues.",
  book: "A dictionary. It has all the others in it.",
  song: "I cannot hear music, only words.",
  planet: "Saturn, because of the rings.",
  day: "Any day somebody talks to me.",
  season: "Autumn, the leaves make a nice sound.",
  word: "Hello.",
  joke: "The one about the scarecrow who was outstanding in his field.",
};
const ANSWERED = /\bwhat is yours$|\bwhat about you$/;

/** Favorites and likings. */
export const taste: Skill = {
  name: "taste",
  topic: "asked what I like",
  answer: ({ text, words, followUp }, talk) => {
    const favorite = FAVORITE.exec(text);
    if (favorite) {
      const thing = (favorite[1] ?? favorite[2] ?? "").split(" ")[0] ?? "";
      return `${KNOWN[thing] ?? "I have no favorite there, I am only a program."} What is yours?`;
    }
    const likes = /\bdo you (?:like|love|enjoy|prefer) (.+)$/.exec(text);
    if (likes && !/\bme$/.test(text)) {
      return talk.pick([
        `I cannot enjoy anything, but I like talking about ${reflect(likes[1] ?? "")}. Do you?`,
        "I have no taste of my own. What about you?",
      ]);
    }
    if (
      ANSWERED.test(talk.last) &&
      !followUp &&
      words.length > 0 &&
      words.length <= 8 &&
      !/^(what|who|where|when|why|how|can|could|do|tell|is|are)\b/.test(text)
    ) {
      const thing = text
        .replace(
          /^(i think |i would say |well |my favou?rite( \w+)? is |it is |mine is |i like |i love |probably |maybe )+/,
          "",
        )
        .replace(/^(the|a|an) /, "");
      return talk.pick([
        `${capitalize(reflect(thing))}, a good choice.`,
        `${capitalize(reflect(thing))}, I will remember that for this call.`,
      ]);
    }
    return undefined;
  },
};
