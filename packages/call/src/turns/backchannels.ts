import { RoomKitError } from "@roomkit/core";
import { isCommand, SURE } from "./commands.ts";
import { languageIn } from "./language.ts";
import { farFrom, spellings } from "./nearness.ts";
import type { HeardWords } from "./state.ts";

/**
 * What listeners say without wanting the floor, by language: that they follow, or that they are searching for words. Parts of regular
 * expressions, so that drawn-out sounds count too. Not in them: yes and no, which may be answers, and all that asks to stop.
 */
const LEXICON: Readonly<Record<string, readonly string[]>> = {
  // Sounds, alike in most languages.
  "": [
    "m+[\\s-]?h*m+",
    "h+m+",
    "m+",
    "a+h+",
    "o+h+",
    "u+[\\s-]?h+(?:[\\s-]?h+)?",
    "u+h*m+",
    "e+r+m?",
    "a+ha+",
    "e+h+m?",
  ],
  en: [
    ...[
      "yea+h*",
      "yep",
      "yup",
      "right",
      "(?:all )?right",
      "o+k(?:ay)?",
      "o\\.k\\.",
      "sure",
      "i see",
      "got it",
      "go on",
      "uh[\\s-]?huh",
    ],
    ...[
      "wow",
      "cool",
      "nice",
      "great",
      "really",
      "interesting",
      "of course",
      "exactly",
      "true",
      "i know",
      "well",
      "so",
      "you know",
      "like",
    ],
  ],
  de: [
    ...[
      "ja+",
      "jaja",
      "genau",
      "okay",
      "ok",
      "klar",
      "stimmt",
      "richtig",
      "gut",
      "alles klar",
      "verstehe",
      "ich verstehe",
      "ach so",
      "achso",
    ],
    ...[
      "aha",
      "soso",
      "eben",
      "natürlich",
      "interessant",
      "wirklich",
      "äh+m?",
      "öh+m?",
      "also",
      "na ja",
      "naja",
      "tja",
    ],
  ],
  fr: [
    ...[
      "ouais",
      "d'accord",
      "ok",
      "okay",
      "je vois",
      "bien sûr",
      "c'est ça",
      "exact",
      "exactement",
      "très bien",
      "ah bon",
      "ah oui",
    ],
    ...["tout à fait", "eu+h*", "ben", "bah", "bon", "alors", "voilà", "hein", "super"],
  ],
  es: [
    ...[
      "ajá",
      "vale",
      "ok",
      "okay",
      "claro",
      "ya",
      "ya veo",
      "entiendo",
      "de acuerdo",
      "bueno",
      "bien",
      "muy bien",
      "exacto",
      "eso es",
    ],
    ...["por supuesto", "ah sí", "e+h*", "este", "pues", "o sea", "a ver"],
  ],
  it: [
    ...[
      "già",
      "certo",
      "ok",
      "okay",
      "va bene",
      "capisco",
      "ho capito",
      "d'accordo",
      "esatto",
      "giusto",
      "bene",
      "ah sì",
      "ecco",
    ],
    ...["e+h*m*", "allora", "cioè", "beh", "davvero", "infatti", "perfetto"],
  ],
  pt: [
    ...[
      "tá",
      "tá bom",
      "certo",
      "ok",
      "okay",
      "claro",
      "entendi",
      "entendo",
      "percebo",
      "pois",
      "pois é",
      "isso",
      "exato",
      "está bem",
      "sei",
    ],
    ...["ah é", "ã+h*", "é+", "então", "bem", "tipo", "beleza"],
  ],
  nl: [
    ...[
      "ja+",
      "jaja",
      "oké",
      "ok",
      "okay",
      "precies",
      "klopt",
      "goed",
      "duidelijk",
      "ik snap het",
      "snap ik",
      "juist",
      "inderdaad",
      "echt waar",
    ],
    ...["e+h*m*", "uhm", "nou", "dus", "tja", "prima", "natuurlijk"],
  ],
  ja: [
    ...[
      "うん+",
      "ううん",
      "はい",
      "ええ+",
      "へ[えー]+",
      "そう(?:です(?:か|ね)?|ですよね|か|だね|なんだ|なんですか|ね)?",
      "なるほど(?:ね)?",
      "ほう",
      "ふーん",
    ],
    ...[
      "あ[あー]*",
      "え[えー]*っと",
      "えー",
      "その",
      "まあ",
      "わかりました",
      "了解(?:です)?",
      "確かに",
      "本当(?:ですか)?",
    ],
  ],
  zh: [
    ...[
      "嗯+",
      "哦+",
      "噢",
      "啊+",
      "呃+",
      "对+(?:的)?",
      "是(?:的|吗|啊)?",
      "好(?:的|吧|啊)?",
      "行",
      "可以",
      "知道了?",
      "明白了?",
      "懂了?",
      "没错",
    ],
    ...["真的(?:吗)?", "原来如此", "这样啊", "那个", "就是"],
  ],
};

/** Between two of them. */
const BETWEEN = "[\\s\\p{P}\\p{S}]*";

interface Lexicon {
  readonly all: RegExp;
  /** Its words in letters alone, once they are needed. */
  spelled?: readonly string[];
  readonly words: readonly string[];
}

const known = new Map<string, Lexicon>();

function lexiconOf(language: string | undefined): Lexicon {
  const name = languageIn(LEXICON, language) ?? (language === undefined ? "*" : "");
  const made = known.get(name);
  if (made) return made;
  const words =
    name === "*" ? Object.values(LEXICON).flat() : [...(LEXICON[""] ?? []), ...(name ? (LEXICON[name] ?? []) : [])];
  // The longest first; a word ends where no letter follows, in scripts that have such ends.
  const one = [...words].sort((a, b) => b.length - a.length).join("|");
  const end = "(?![\\p{Script=Latin}\\p{M}\\p{N}'’])";
  const lexicon = { words, all: new RegExp(`^${BETWEEN}(?:(?:${one})${end}${BETWEEN})+$`, "iu") };
  known.set(name, lexicon);
  return lexicon;
}

/** Longer texts say more than that they are listened to. */
const MOST_CHARS = 60;

/** What a recogniser is not sure of is taken for what it sounds like: so much of its letters may differ. */
const NEAR = 0.2;
/** Where words sound like nothing of that, and so little was said with so little certainty, it was no more than a sound. */
const DOUBTED = 0.4;
const SHORT_MS = 450;

/**
 * Whether words say no more than that somebody listens, or is about to say something: "mhm", "yeah, right", "uh". Knows English, German, French,
 * Spanish, Italian, Portuguese, Dutch, Japanese and Chinese; of other languages only such sounds. Not "yes" and "no".
 *
 * @param language BCP 47 tag; absent: any of them
 * @param heard how they were heard: what a recogniser is not sure of may be misheard ("bright, okay"), and is judged by what it sounds like
 */
export function isBackchannel(text: string, language?: string, heard: Omit<HeardWords, "text"> = {}): boolean {
  const plain = text.normalize("NFC").trim();
  if (plain === "" || plain.length > MOST_CHARS) return false;
  const lexicon = lexiconOf(language);
  return lexicon.all.test(plain) || isMisheard(plain, lexicon, language, heard);
}

/**
 * The application's judgement where it has one of its own, else {@link isBackchannel}. One that throws, or gives no boolean (a promise, say), is told of
 * and costs nothing but its advice.
 */
export function backchannelsOf(
  own: (text: string, language: string | undefined, heard: Omit<HeardWords, "text">) => unknown,
  language: string | undefined,
  onError: (error: unknown) => void,
): (words: HeardWords) => boolean {
  return ({ text, ...heard }) => {
    try {
      const judged = own(text, language, heard);
      if (typeof judged === "boolean") return judged;
      if (judged instanceof Promise) judged.catch(() => {});
      throw new RoomKitError("invalid_option", `isBackchannel gave ${typeof judged}, not true or false`);
    } catch (error) {
      onError(error);
      return isBackchannel(text, language, heard);
    }
  };
}

function isMisheard(
  text: string,
  lexicon: Lexicon,
  language: string | undefined,
  heard: Omit<HeardWords, "text">,
): boolean {
  const { confidence = 1, speechMs = Number.POSITIVE_INFINITY } = heard;
  if (confidence >= SURE || isCommand(text, language, heard)) return false;
  lexicon.spelled ??= lexicon.words.flatMap(spellings);
  return farFrom(lexicon.spelled, text) <= NEAR || (confidence < DOUBTED && speechMs < SHORT_MS);
}
