/** What a recogniser puts around things that are no words, and what the conversation's own notes stand in. */
const NOTES = /\[[^\]]*\]|\([^)]*\)|<[^>]*>|\*[a-z ]+\*|[♪♫]/g;

const SYMBOLS: readonly (readonly [RegExp, string])[] = [
  [/(\d),(?=\d{3}\b)/g, "$1"],
  [/(\d)\s*[*×x]\s*(?=\d)/g, "$1 times "],
  [/(\d)\s*[/÷]\s*(?=\d)/g, "$1 divided by "],
  [/(\d)\s*[-−–]\s*(?=\d)/g, "$1 minus "],
  [/(^|\s)[-−](?=\d)/g, "$1minus "],
  [/\+/g, " plus "],
  [/\^/g, " to the power of "],
  [/√/g, " square root of "],
  [/=/g, " equals "],
  [/%/g, " percent "],
  [/°\s*c\b/g, " degrees celsius "],
  [/°\s*f\b/g, " degrees fahrenheit "],
  [/°/g, " degrees "],
  [/&/g, " and "],
  [/\$(\d+(?:\.\d+)?)/g, "$1 dollars"],
  [/(\d)(km|kg|cm|mm|m|g|l|ml|mi|lb|lbs|oz|ft|c|f)\b/g, "$1 $2"],
];

const CONTRACTIONS: readonly (readonly [RegExp, string])[] = [
  [/\bwon't\b/g, "will not"],
  [/\bcan'?t\b/g, "can not"],
  [/\bcannot\b/g, "can not"],
  [/\b(do|does|did|is|are|was|were|has|have|had|would|could|should)n't\b/g, "$1 not"],
  [/\blet's\b/g, "let us"],
  [/\b(i)'?m\b/g, "$1 am"],
  [/\b(you|we|they)'re\b/g, "$1 are"],
  [/\byoure\b/g, "you are"],
  [/\b(i|you|we|they)'ve\b/g, "$1 have"],
  [/\bive\b/g, "i have"],
  [/\b(i|you|he|she|it|we|they|that)'ll\b/g, "$1 will"],
  [/\b(i|you|he|she|it|we|they)'d\b/g, "$1 would"],
  [/\bid (?=like|love|want)/g, "i would "],
  [/\b(what|who|where|when|how|that|there|here|it|he|she)'s\b/g, "$1 is"],
  [/\b(what|who|where|how|that)s\b/g, "$1 is"],
  [/\bwhat're\b/g, "what are"],
  [/\bgonna\b/g, "going to"],
  [/\bwanna\b/g, "want to"],
  [/\bgotta\b/g, "have to"],
  [/\bgimme\b/g, "give me"],
  [/\blemme\b/g, "let me"],
  [/\b(tell|show)\s?'em\b/g, "$1 them"],
];

const NEGATIONS: Readonly<Record<string, string>> = {
  dont: "do not",
  doesnt: "does not",
  didnt: "did not",
  isnt: "is not",
  arent: "are not",
  wasnt: "was not",
};

/** What recognisers commonly write for what was said. */
const MISHEARINGS: readonly (readonly [RegExp, string])[] = [
  [/\b(room|rome|roam|rum|womb) (kit|kid|kits|get|kate)\b/g, "roomkit"],
  [/\b(rumkit|roomkid|roomkits|roomcat)\b/g, "roomkit"],
  [/\bcapitol\b/g, "capital"],
  [/\bcapital off\b/g, "capital of"],
  [/\b(wether|wheather|whether) (?=in|like|today|forecast|tomorrow|for)/g, "weather "],
  [/\bsquare (route|rout|wood)\b/g, "square root"],
  [/\b(tale|tail|till|tel) me\b/g, "tell me"],
  [/\b(choke|yoke|joak|jock)\b/g, "joke"],
  [/\bgood (by|buy)\b/g, "goodbye"],
  [/\bgood bye\b/g, "goodbye"],
  [/\b(by by|buy buy|bye-bye)\b/g, "bye bye"],
  [/\bplan it\b/g, "planet"],
  [/\b(riddel|ridle|riddles me)\b/g, "riddle"],
  [/\bflip a (corn|con|coined|going)\b/g, "flip a coin"],
  [/\broll a (dye|dai|dive|guy)\b/g, "roll a die"],
  [/\bthank (u|yew|q)\b/g, "thank you"],
  [/\bhow (a|r|or) (you|u)\b/g, "how are you"],
  [/\b(wat|wot|watt) is\b/g, "what is"],
  [/\bwhat (the )?time it is\b/g, "what time is it"],
  [/\bu\b/g, "you"],
];

const FILLERS = /\b(um+|uh+|uhm+|erm*|hm+|mm+|please|kindly|actually|basically)\b/g;
/** Said twice while thinking; numbers and `bye bye` are meant twice. */
const STUTTER = /\b(i|what|the|is|a|to|can|could|you|how|my|me|it|tell|and|so|of|in)( \1\b)+/g;

/**
 * The words of an utterance as the skills compare them: lower case, no punctuation, no accents, no noise marks, contractions
 * written out, symbols as words, the usual mishearings put right. Digits, decimal points and clock colons stay.
 *
 * @param persona what the assistant is called: dropped where it merely addresses it, at the beginning or the end
 */
export function normalize(raw: string, persona = ""): string {
  let text = raw
    .normalize("NFKD")
    .replace(/\p{M}/gu, "")
    .toLowerCase()
    .replace(/[\u2018\u2019\u02bc`]/g, "'")
    .replace(NOTES, " ");
  for (const [pattern, replacement] of SYMBOLS) text = text.replace(pattern, replacement);
  for (const [pattern, replacement] of CONTRACTIONS) text = text.replace(pattern, replacement);
  text = text.replace(/\b\w+nt\b/g, (word) => NEGATIONS[word] ?? word);
  text = text
    .replace(/'s\b/g, "s")
    .replace(/'/g, "")
    // Points and colons stay between digits.
    .replace(/(?<!\d)[.:]|[.:](?!\d)|[^\p{L}\p{N}.:]+/gu, " ");
  for (const [pattern, replacement] of MISHEARINGS) text = text.replace(pattern, replacement);
  text = collapse(text.replace(FILLERS, " ")).replace(STUTTER, "$1");
  return collapse(withoutName(text, normalizedName(persona)));
}

/** The words of a normalised text. */
export function wordsOf(text: string): string[] {
  return text === "" ? [] : text.split(" ");
}

function collapse(text: string): string {
  return text.replace(/\s+/g, " ").trim();
}

function normalizedName(persona: string): string {
  return collapse(persona.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, " "));
}

function withoutName(text: string, name: string): string {
  if (name === "") return text;
  const words = ` ${text} `;
  return words
    .replace(
      new RegExp(`^ (hey |hi |hello |ok |okay |so )?${name} (?=\\S)`),
      (_all, lead: string | undefined) => ` ${greetingOf(lead)}`,
    )
    .replace(new RegExp(`(?<=\\S) (?<!\\b(?:is|called|are you|call you|name|me|am|named) )${name} $`), " ");
}

/** `hey Kit` before a request only calls; before nothing, or as hello, it greets. */
function greetingOf(lead: string | undefined): string {
  return lead === undefined || lead === "ok " || lead === "okay " || lead === "so " || lead === "hey " ? "" : lead;
}
