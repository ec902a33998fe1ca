import { normalize, wordsOf } from "../words/normalize.ts";

/** Words that say nothing about what a tool is for. */
const EMPTY = new Set(
  `a an the of for to in on at by with and or is are be it its this that these those from into as if then when which what who how do does
  can could should will would may must not no any some all your you i me my we our their his her user users person caller given returns
  return gets get set use used using tool function call calls value values number string name names id want wants need please current
  currently specific one about information info data make makes let lets them they`.split(/\s+/),
);

/** Words of which each brings the others to mind; those after the bar do so only together with something else. */
const FAMILIES: readonly string[] = [
  "weather forecast temperature rain raining sunny umbrella snow snowing | cold warm hot",
  "timer countdown alarm remind reminder",
  "transfer connect forward human agent operator representative | through person someone somebody speak talk real",
  "dice die roll",
  "coin flip toss",
  "book reserve booking reservation appointment schedule | table",
  "order package delivery parcel shipment shipping | arrive",
  "cancel delete remove",
  "hang hangup goodbye bye",
  "light lights lamp",
  "music song | play",
  "search lookup | find look",
  "send message text sms | write",
  "note notes | write remember",
  "price cost costs | much",
  "translate translation",
  "balance account | money",
  "ticket issue complaint | problem",
];

interface Family {
  readonly strong: ReadonlySet<string>;
  readonly weak: readonly string[];
}

/** `getCurrentWeather`, `get_current_weather` -> `get current weather`. */
export function nameWords(name: string): string[] {
  return wordsOf(normalize(name.replace(/([a-z\d])([A-Z])/g, "$1 $2").replace(/[_-]+/g, " ")));
}

/** The words of a text that say what it is about, in their basic form. */
export function contentWords(words: readonly string[]): string[] {
  return words.filter((word) => word.length > 2 && !EMPTY.has(word)).map(stem);
}

/** A rough basic form: enough to make `timers` and `timer`, or `raining` and `rain`, meet. */
export function stem(word: string): string {
  return word.replace(/(?<=\w{3})(ing|ed|es|s)$/, "").replace(/(?<=\w{3})e$/, "");
}

const STEMMED: readonly Family[] = FAMILIES.map((family) => {
  const [strong = "", weak = ""] = family.split("|");
  return { strong: new Set(wordsOf(strong.trim()).map(stem)), weak: wordsOf(weak.trim()).map(stem) };
});

/** The basic forms that mean about the same as one, and those that only hint at it. */
export function relatives(stemmed: string): { readonly strong: readonly string[]; readonly weak: readonly string[] } {
  const families = STEMMED.filter(({ strong }) => strong.has(stemmed));
  return { strong: families.flatMap(({ strong }) => [...strong]), weak: families.flatMap(({ weak }) => weak) };
}
