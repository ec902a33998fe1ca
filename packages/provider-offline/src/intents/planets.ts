import { PLANETS, type Planet } from "../content/planets.ts";
import type { Skill } from "../talk/skill.ts";
import { findPhrase } from "../words/fuzzy.ts";
import { wordsOf } from "../words/normalize.ts";
import { sayNumber, sayOrdinal } from "../words/say-number.ts";

const NAMED: readonly (readonly [string, Planet])[] = PLANETS.map((planet) => [planet.name.toLowerCase(), planet]);

const GENERAL: readonly (readonly [RegExp, string])[] = [
  [/\bhow many planets\b/, "Eight planets go around the sun. Pluto was one of them until two thousand six."],
  [/\b(biggest|largest) planet\b/, "Jupiter is the biggest planet, about eleven times as wide as the Earth."],
  [/\b(smallest) planet\b/, "Mercury is the smallest planet."],
  [/\b(hottest|warmest) planet\b/, "Venus is the hottest planet, at more than four hundred and sixty degrees Celsius."],
  [/\b(coldest) planet\b/, "Uranus is the coldest, at about minus two hundred and twenty degrees Celsius."],
  [/\b(closest|nearest|first)( planet)? (to|from) the sun\b/, "Mercury is the closest planet to the sun."],
  [/\b(farthest|furthest|last)( planet)? from the sun\b/, "Neptune is the farthest planet from the sun."],
  [/\b(red planet)\b/, "Mars is called the red planet, because of the rust in its soil."],
  [
    /\bplanets? (has|have|with) (the )?(most )?(big )?rings\b/,
    "Saturn has the famous rings. Jupiter, Uranus and Neptune have thin ones.",
  ],
  [/\bplanet (has|with) the most moons\b/, "Saturn has the most moons, more than two hundred."],
  [/\bpluto\b/, "Pluto has been called a dwarf planet since two thousand six. It has five moons."],
  [
    /\b(name|list|tell me|what are)\b.*\bplanets\b/,
    "Mercury, Venus, Earth, Mars, Jupiter, Saturn, Uranus, and Neptune.",
  ],
];

const ABOUT = /\b(moons?|year|orbit|big|large|size|wide|from the sun)\b/;

/** The eight planets. */
export const planets: Skill = {
  name: "planets",
  topic: "asked about the planets",
  answer: ({ text, words, followUp }, talk) => {
    const general = GENERAL.find(([pattern]) => pattern.test(text));
    if (general) return general[1];
    const planet =
      findPhrase(words, NAMED) ??
      (/\b(it|its|they)\b/.test(text) && ABOUT.test(text) ? findPhrase(wordsOf(talk.last), NAMED) : undefined);
    if (!planet) return undefined;
    const { name, moons, year, position, diameterKm } = planet;
    const is = name === "Earth" ? "The Earth" : name;
    if (/\bmoons?\b/.test(text) || (followUp === "and" && /\bmoons?\b/.test(talk.last))) return `${is} has ${moons}.`;
    if (/\b(year|orbit|go around)\b/.test(text)) return `A year on ${name} takes ${year}.`;
    if (/\b(big|large|size|wide|diameter)\b/.test(text))
      return `${is} is about ${sayNumber(diameterKm)} kilometers across.`;
    if (/\b(which|what) (number|planet|position)\b|\bfrom the sun\b/.test(text))
      return `${is} is the ${sayOrdinal(position)} planet from the sun.`;
    const asks = /\b(what|tell|about|know|is|planet|how)\b/.test(text) || followUp === "and" || words.length <= 2;
    // The Earth is in too many other questions.
    return asks && (name !== "Earth" || /\b(about (the )?earth|planet earth)\b/.test(text)) ? planet.about : undefined;
  },
};
