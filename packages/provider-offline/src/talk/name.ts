import { capitalize } from "../words/reflect.ts";
import type { Talk } from "./talk.ts";
import type { Turn } from "./turn.ts";

/** Words that follow `I am`, `this is` or `it is` and are no names. */
const NO_NAMES = new Set(
  `a an the not no yes yeah so very really quite too just also still already always never now here there back home ok okay fine good great well
  bad sad happy tired bored sick hungry thirsty busy late early ready done sorry sure afraid glad going trying looking calling asking talking
  thinking wondering feeling doing having getting working living from in on at with for to of about your my his her our their this that it
  he she we they you i me what who why how when where which hello hi hey bye thanks thank please nothing something anything everything all
  alone angry excited nervous curious interested confused lost wrong right kidding joking serious serious human real new old young cold hot
  nice awesome amazing terrible awful horrible pretty only someone somebody nobody anyone one two three him it's like um uh but and or if
  better best worse awake asleep free single married listening waiting testing leaving done alive dead called named name`.split(
    /\s+/,
  ),
);

const SAYS = [
  /\b(?:my name is|my names|my name|the name is|the names) (?:not \w+ (?:it is|but|its) )?(?<name>.+)$/,
  /\b(?:you can call me|please call me|just call me|call me|people call me|everyone calls me|i am called|i am named|i go by|name me) (?<name>.+)$/,
];
const MAY_SAY = [
  /^(?:no |hi |hello |hey |well |oh |so )*(?:i am|this is|it is|its|here is) (?<name>[\p{L}-]+(?: [\p{L}-]+)?)(?: (?:here|speaking|by the way))?$/u,
];

/** What the person called themselves last, or undefined. */
export function userName({ said }: Talk): string | undefined {
  for (let index = said.length - 1; index >= 0; index--) {
    const entry = said[index];
    if (entry?.role !== "user") continue;
    const before = said[index - 1];
    const name = nameIn(entry.turn, before?.role === "assistant" && askedForName(before.words));
    if (name) return name;
    if (/\b(forget|that is not|not) my name\b/.test(entry.turn.text)) return undefined;
  }
  return undefined;
}

/** Whether the assistant's words ask who is there. */
export function askedForName(answer: string): boolean {
  return /\b(what is your name|may i ask your name|who am i (talking|speaking) (to|with)|what should i call you|what may i call you|your name)\b/.test(
    answer,
  );
}

/**
 * The name an utterance tells. After a question for it, a bare word or two is one as well.
 *
 * @param asked the assistant had just asked
 */
export function nameIn(turn: Turn, asked: boolean): string | undefined {
  if (
    /\b(what|who|do you (know|remember)|say|spell|guess|remember|forget)\b.*\b(my name|call me|am i)\b/.test(turn.text)
  )
    return undefined;
  for (const pattern of SAYS) {
    const name = pattern.exec(turn.text)?.groups?.name;
    if (name) return asName(name);
  }
  for (const pattern of MAY_SAY) {
    const name = pattern.exec(turn.text)?.groups?.name;
    // `I am Ada` and `I am tired` are alike: unasked, it takes a capital letter to tell.
    if (name && (asked || writtenLarge(name, turn.raw))) return asName(name);
  }
  if (asked && turn.words.length <= 2 && !turn.followUp) return asName(turn.text);
  return undefined;
}

function asName(words: string): string | undefined {
  const kept: string[] = [];
  for (const word of words.split(" ")) {
    if (NO_NAMES.has(word) || !/^\p{L}[\p{L}-]*$/u.test(word) || word.length > 20) break;
    kept.push(capitalize(word));
    if (kept.length === 2) break;
  }
  return kept.length > 0 ? kept.join(" ") : undefined;
}

function writtenLarge(name: string, raw: string): boolean {
  const first = name.split(" ")[0] ?? "";
  // All in capitals says as little as all in small letters.
  return /\p{Ll}/u.test(raw) && new RegExp(`\\b${capitalize(first)}\\b`, "u").test(raw);
}
