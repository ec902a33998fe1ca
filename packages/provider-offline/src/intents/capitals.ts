import { COUNTRIES, type Country } from "../content/capitals.ts";
import type { Skill } from "../talk/skill.ts";
import { findPhrase } from "../words/fuzzy.ts";
import { normalize } from "../words/normalize.ts";

const BY_NAME: readonly (readonly [string, Country])[] = COUNTRIES.flatMap((country) =>
  [normalize(country.name), normalize(country.name.replace(/^the /, "")), ...(country.also ?? [])].flatMap((name) => [
    [name, country] as const,
    // `frances capital`
    [`${name}s`, country] as const,
  ]),
);
const BY_CAPITAL: readonly (readonly [string, Country])[] = COUNTRIES.map((country) => [
  normalize(country.capital),
  country,
]);

/** Knows the capitals of some seventy countries. */
export const capitals: Skill = {
  name: "capitals",
  topic: "asked for a capital",
  answer: ({ text, words, followUp }, talk) => {
    const about = /\bcapital\b|\bcapital city\b/.test(text);
    const goesOn = followUp === "and" && /\bcapital of\b/.test(talk.last);
    if (!about && !goesOn) return whereIs(text, words);
    if (/\b(letter|gain|investment|punishment)\b/.test(text)) return undefined;
    const owner = /\b(what|which) (country|nation|state)\b|\bcapital of (what|which)\b|\bis .* the capital\b/.test(
      text,
    );
    const city = findPhrase(words, BY_CAPITAL);
    const country = findPhrase(
      words.filter((word) => word !== "capital"),
      BY_NAME,
    );
    if (about && city && country && /^is /.test(text)) {
      return city === country
        ? `Yes, ${city.capital} is the capital of ${country.name}.`
        : `No, the capital of ${country.name} is ${country.capital}.`;
    }
    if (country && /^is /.test(text)) return `No, the capital of ${country.name} is ${country.capital}.`;
    if (owner && city) return `${city.capital} is the capital of ${city.name}.`;
    if (country) {
      const { name, capital } = country;
      return talk.pick([`The capital of ${name} is ${capital}.`, `${capital} is the capital of ${name}.`]);
    }
    if (!about || !/\b(what|which|whats|tell|know|is|of|name)\b/.test(text)) return undefined;
    if (/\b(another|some|any|a) capital\b/.test(text)) {
      const any = COUNTRIES[Math.floor(talk.world.random() * COUNTRIES.length)];
      return any && `The capital of ${any.name} is ${any.capital}.`;
    }
    return talk.pick([
      "That capital I do not know. I have learned about seventy of them.",
      "I am not sure which country that was. Could you say it again?",
    ]);
  },
};

function whereIs(text: string, words: readonly string[]): string | undefined {
  if (!/\b(where is|(what|which) country is .* in|in (what|which) country)\b/.test(text)) return undefined;
  const city = findPhrase(words, BY_CAPITAL);
  return city && `${city.capital} is in ${city.name}. It is the capital.`;
}
