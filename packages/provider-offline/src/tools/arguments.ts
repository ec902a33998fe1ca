import type { Turn } from "../talk/turn.ts";
import { soundsLike } from "../words/fuzzy.ts";
import { wordsOf } from "../words/normalize.ts";
import { readNumber } from "../words/read-number.ts";
import type { Parameter } from "./schema.ts";

const PLACE = /\b(city|location|place|town|country|address|destination|where|region)\b/;
const COUNT = /\b(count|number of|quantity|amount|times|how many)\b/;
const PERSON = /\b(name|person|recipient|contact|who|customer|guest|to)\b/;
const WORDS =
  /\b(message|text|query|question|note|content|reason|subject|title|description|task|label|search|item|topic|body|phrase)\b/;
const DATE = /\b(date|day|when)\b/;
const DIGITS = /\b(phone|telephone|code|pin|order|account|zip|postal|reference|number|id)\b/;

/** Seconds in each unit of time a person may name. */
const TIME: readonly (readonly [RegExp, number])[] = [
  [/^(seconds?|secs?)$/, 1],
  [/^(minutes?|mins?)$/, 60],
  [/^hours?$/, 3_600],
  [/^days?$/, 86_400],
];
const NO_NAME = /^(me|you|us|it|them|today|tomorrow|now|that|this|there|here)$/;
const END =
  "(?= (?:in|today|tomorrow|tonight|now|right now|this|next|on|at|for|with|please|like|and tell|if|saying|that|about)\\b|$)";

/** What the words say for each parameter; what they do not say is absent. */
export function extractArguments(parameters: readonly Parameter[], turn: Turn): Record<string, unknown> {
  const found: Record<string, unknown> = {};
  const taken = new Set(parameters.flatMap(({ choices = [] }) => choices.map((choice) => choice.toLowerCase())));
  const numbers = parameters.filter(({ type }) => type === "number" || type === "integer");
  for (const parameter of parameters) {
    const value = extract(parameter, turn, { onlyNumber: numbers.length === 1, taken });
    if (value !== undefined) found[parameter.name] = value;
  }
  return found;
}

/** What a bare answer to the question for one parameter says. */
export function readAnswer(parameter: Parameter, turn: Turn): unknown {
  const value = extract(parameter, turn, { onlyNumber: true, taken: new Set() });
  if (value !== undefined || parameter.type !== "string" || parameter.choices) return value;
  const words = turn.raw
    .replace(
      /^(?:(?:um+|uh+|it'?s|it is|to|in|for|at|the|my|is|name|please|say|make it|i want|i'd like|that would be|well)[\s,]+)+/i,
      "",
    )
    .replace(/[.,!?\s]+$/, "")
    .replace(/[\s,]+please$/i, "");
  return words === "" ? undefined : words;
}

interface Around {
  /** No other parameter takes a number. */
  readonly onlyNumber: boolean;
  /** Words that are values of other parameters. */
  readonly taken: ReadonlySet<string>;
}

function extract(parameter: Parameter, turn: Turn, { onlyNumber, taken }: Around): unknown {
  const { type, choices } = parameter;
  if (choices) {
    const chosen = choices.filter((choice) => chosenIn(choice, turn.words));
    if (type === "array") return chosen.length > 0 ? chosen : undefined;
    return chosen.sort((a, b) => b.length - a.length)[0];
  }
  if (type === "number" || type === "integer") return extractNumber(parameter, turn, onlyNumber);
  if (type === "boolean") return extractBoolean(parameter, turn);
  return type === "string" ? extractText(parameter, turn, taken) : undefined;
}

function chosenIn(choice: string, words: readonly string[]): boolean {
  const wanted = wordsOf(
    choice
      .toLowerCase()
      .replace(/[^\p{L}\p{N}]+/gu, " ")
      .trim(),
  );
  return words.some((_word, at) => wanted.every((word, index) => sameWord(words[at + index] ?? "", word)));
}

function sameWord(heard: string, meant: string): boolean {
  return soundsLike(heard, meant) || heard === `${meant}s` || `${heard}s` === meant;
}

function extractNumber(parameter: Parameter, { words }: Turn, onlyNumber: boolean): number | undefined {
  const unit = TIME.find(([pattern]) => wordsOf(parameter.words).some((word) => pattern.test(word)))?.[1];
  for (let at = 0; at < words.length; at++) {
    const number = words[at] === "an" && words[at + 1] === "hour" ? { value: 1, next: at + 1 } : readNumber(words, at);
    if (!number) continue;
    // `half an hour`
    const next = words[number.next] === "an" || words[number.next] === "a" ? number.next + 1 : number.next;
    const said = TIME.find(([pattern]) => pattern.test(words[next] ?? ""))?.[1];
    const near = wordsOf(parameter.words).some((word) => sameWord(words[next] ?? "", word) || words[at - 1] === word);
    const counted =
      COUNT.test(parameter.words) && said === undefined && !/^(sided|percent|degrees|oclock)$/.test(words[next] ?? "");
    if (!(near || counted || onlyNumber || (unit !== undefined && said !== undefined))) continue;
    const value = unit !== undefined && said !== undefined ? (number.value * said) / unit : number.value;
    const fitted = parameter.type === "integer" ? Math.round(value) : value;
    if (parameter.minimum !== undefined && fitted < parameter.minimum) continue;
    if (parameter.maximum !== undefined && fitted > parameter.maximum) continue;
    return fitted;
  }
  return undefined;
}

function extractBoolean(parameter: Parameter, { text, followUp }: Turn): boolean | undefined {
  if (followUp === "yes" || /\b(on|enable|yes|true)\b/.test(text)) return true;
  if (followUp === "no" || /\b(off|disable|no|false|without)\b/.test(text)) return false;
  return new RegExp(`\\b${parameter.words}\\b`).test(text) ? true : undefined;
}

function extractText(parameter: Parameter, turn: Turn, taken: ReadonlySet<string>): string | undefined {
  // The parameter's own name decides; its description only when that says nothing.
  const about = [PLACE, PERSON, WORDS, DATE, DIGITS].some((kind) => kind.test(parameter.words))
    ? parameter.words
    : parameter.description.toLowerCase();
  if (DIGITS.test(about)) {
    const digits = extractDigits(turn);
    if (digits) return digits;
  }
  if (PLACE.test(about)) return properName(turn, "in|for|at|to|near|from|of|about|what about|how about", taken);
  if (DATE.test(about))
    return /\b(?:today|tomorrow|tonight|(?:this|next|on) (?:monday|tuesday|wednesday|thursday|friday|saturday|sunday|week|weekend)|monday|tuesday|wednesday|thursday|friday|saturday|sunday)\b/
      .exec(turn.text)?.[0]
      ?.replace(/^on /, "");
  if (WORDS.test(about)) return freeText(turn, parameter.required);
  if (PERSON.test(about))
    return properName(turn, "to|for|with|of|named|called|name is|under|call|message|text|email|ask|tell", taken);
  return undefined;
}

/** Spoken digits, `four five two`, or a written number. */
function extractDigits({ words }: Turn): string | undefined {
  let digits = "";
  for (const word of words) {
    const number = word === "oh" ? 0 : readNumber([word])?.value;
    if (number !== undefined && Number.isInteger(number) && (number < 10 || /^\d+$/.test(word)))
      digits += /^\d+$/.test(word) ? word : String(number);
    else if (digits.length >= 2) break;
    else digits = "";
  }
  return digits.length >= 2 ? digits : undefined;
}

/** What follows the last of the prepositions that a name follows, with the capital letters the recogniser gave it, or else its own. */
function properName(turn: Turn, prepositions: string, taken: ReadonlySet<string>): string | undefined {
  const pattern = new RegExp(
    `(?<=(?:^| )(?:${prepositions}) )(?:the )?(?:\\p{L}|[.'-])+(?: (?:\\p{L}|[.'-])+){0,2}?${END}`,
    "gu",
  );
  const names = [...turn.text.matchAll(pattern)].map(([match]) =>
    match.replace(/^(to|for|with|in|at) /, "").replace(/^(the|my|a|an) /, ""),
  );
  const name = names.findLast((candidate) => !NO_NAME.test(candidate) && !taken.has(candidate));
  if (name === undefined) return undefined;
  const written = new RegExp(name.split(" ").join("[\\s,]+"), "iu").exec(turn.raw)?.[0] ?? name;
  return /\p{Lu}/u.test(written) && /\p{Ll}/u.test(written)
    ? written
    : name.replace(/(^|[\s-])\p{L}/gu, (letter) => letter.toUpperCase());
}

/** Leads to words that are meant literally, surest first. */
const SURE_LEADS = [
  "saying|that says|which says|to say|called|titled|labell?ed|named|with the (?:note|text|message|title)",
  "that",
];
const LIKELY_LEADS = ["note|message|search for|search|find|look up|query|because|remember to|remember", "about|for|to"];

/**
 * What is to be said, sought or noted: everything after the words that lead to it.
 *
 * @param required whether to take less certain leads too
 */
function freeText({ raw }: Turn, required: boolean): string | undefined {
  for (const lead of required ? [...SURE_LEADS, ...LIKELY_LEADS] : SURE_LEADS.slice(0, 1)) {
    const match = new RegExp(`\\b(?:${lead})[\\s:,]+(.+?)[.!?\\s]*$`, "i").exec(raw);
    if (match?.[1]) return match[1];
  }
  return undefined;
}
