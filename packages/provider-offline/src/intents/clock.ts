import { CITIES, COUNTRIES } from "../content/capitals.ts";
import type { Skill } from "../talk/skill.ts";
import type { World } from "../talk/talk.ts";
import { findPhrase } from "../words/fuzzy.ts";
import { normalize, wordsOf } from "../words/normalize.ts";
import { sayCount } from "../words/say-number.ts";
import { sayTime, wallTime } from "../words/say-time.ts";

const ASKS =
  /\b(what time|what is the (current )?time|whats the time|tell me the time|the time (please|now|is it)|current time|how late is it|what hour|have you got the time|do you (have|know) the time|know what time|what does the clock say)\b|^(the )?time$/;
const OTHER = /\b(time (zone|travel)|what time (do|does|did|should|will) )\b/;

interface Place {
  readonly name: string;
  readonly timeZone: string;
}

const PLACES: readonly (readonly [phrase: string, place: Place])[] = [
  ...COUNTRIES.flatMap(({ name, capital, timeZone, also = [] }) => [
    [normalize(capital), { name: capital, timeZone }] as const,
    ...[normalize(name), ...also]
      .filter((phrase) => phrase.length > 2)
      .map((phrase) => [phrase, { name, timeZone }] as const),
  ]),
  ...CITIES.map(([name, timeZone]) => [normalize(name), { name, timeZone }] as const),
];

/** Tells the time, here or in a city. */
export const clock: Skill = {
  name: "clock",
  topic: "asked for the time",
  answer: ({ text, words, followUp }, talk) => {
    const apart = difference(text, talk.world);
    if (apart) return apart;
    const goesOn = followUp === "and" && /^(it is|in .+ it is|right now it is|my clock says)\b/.test(talk.last);
    if (!(ASKS.test(text) || goesOn) || OTHER.test(text)) return undefined;
    const named = / in | at | for |about /.test(` ${text} `) ? findPhrase(words, PLACES) : undefined;
    if (named) return tell(talk.world, named);
    if (goesOn) return undefined;
    if (/ in (?!the (morning|evening|afternoon))\w/.test(` ${text} `))
      return "I do not know that place's time zone. I know most capitals and some big cities.";
    const now = sayTime(wallTime(talk.world.now, talk.world.timeZone));
    return talk.pick([`It is ${now}.`, `Right now it is ${now}.`, `My clock says ${now}.`]);
  },
};

/** How far two places are apart on the clock. */
function difference(text: string, world: World): string | undefined {
  const named = /\b(?:time )?difference between (.+) and (.+)$/.exec(text);
  if (!named) return undefined;
  const [a, b] = named.slice(1).map((words) => findPhrase(wordsOf(words), PLACES));
  if (!a || !b) return /\btime\b/.test(text) ? "I do not know one of these places." : undefined;
  const hours = (minutesFrom(a, world) - minutesFrom(b, world)) / 60;
  if (hours === 0) return `${a.name} and ${b.name} have the same time.`;
  return `${a.name} is ${sayCount(Math.abs(hours), "hour")} ${hours > 0 ? "ahead of" : "behind"} ${b.name}.`;
}

/** The place's wall clock as minutes on one common scale. */
function minutesFrom({ timeZone }: Place, world: World): number {
  const { year, month, day, hour, minute } = wallTime(world.now, timeZone);
  return Date.UTC(year, month - 1, day, hour, minute) / 60_000;
}

function tell(world: World, { name, timeZone }: Place): string {
  try {
    return `In ${name} it is ${sayTime(wallTime(world.now, timeZone))}.`;
  } catch {
    // A platform without the full time zone table.
    return `I do not know what time it is in ${name}.`;
  }
}
