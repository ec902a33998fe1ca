import { languageIn } from "./language.ts";
import { farFrom, spellings } from "./nearness.ts";
import type { HeardWords } from "./state.ts";

/**
 * What people call out to stop somebody, by language; and what they say in one word to take the floor. A word of three sounds may be too short to be told
 * from a knock by ear, and is plain enough once it is recognised.
 */
const COMMANDS: Readonly<Record<string, string>> = {
  en: "stop|stop it|wait|wait a (?:second|minute|moment)|hold on|hang on|no|nope|hey|hello|what|pardon|sorry|excuse me|pause|cancel|enough|quiet|shut up|be quiet|help|repeat|next|skip|louder|slower",
  de: "stopp?|halt|warte(?:n sie)?|moment(?: mal)?|nein|hallo|was|wie bitte|entschuldigung|pause|abbrechen|genug|reicht|ruhe|hilfe|nochmal|weiter|lauter|langsamer",
  fr: "stop|arrêtez?|attends|attendez|un (?:instant|moment)|non|allô|quoi|pardon|pause|annulez?|assez|silence|aide|répétez|suivant|plus fort|plus lentement",
  es: "para|pare|alto|basta|espera|espere|un momento|no|hola|oye|qué|perdón|pausa|cancela(?:r)?|silencio|ayuda|repite|siguiente|más alto|más despacio",
  it: "stop|ferma(?:ti)?|basta|aspetta|aspetti|un (?:attimo|momento)|no|ehi|pronto|cosa|scusa|scusi|pausa|annulla|silenzio|aiuto|ripeti|avanti",
  pt: "para|pare|chega|espera|espere|um momento|não|olá|alô|o quê|desculpe|pausa|cancela(?:r)?|silêncio|ajuda|repete|repita|próximo",
  nl: "stop|wacht(?: even)?|moment(?:je)?|nee|hallo|hé|wat|pardon|sorry|pauze|annuleer|genoeg|stil|help|herhaal|volgende|harder|langzamer",
  ja: "ストップ|止めて|やめて|待って|ちょっと待って|いいえ|いや|違う|もしもし|え|何|すみません|静かに|助けて|もう一度|次",
  zh: "停|停下|停一下|等等|等一下|不|不是|不要|喂|什么|对不起|安静|够了|取消|帮忙|再说一遍|下一个",
};

/** What may stand around one, and is none itself. */
const POLITE = "please|bitte|okay|oh";
/** Longer texts are turns. */
const MOST_CHARS = 60;

const known = new Map<string, RegExp>();

/** Words of which a recogniser is surer than this are what they say. */
export const SURE = 0.6;
/** Others are commands as well when they sound like one: so much of their letters may differ. */
const NEAR = 0.25;

const spelled = new Map<string, readonly string[]>();

/**
 * Whether words ask to be listened to at once, however short they are: "stop", "wait", "no", "what?". Knows English, German, French, Spanish, Italian,
 * Portuguese, Dutch, Japanese and Chinese.
 *
 * @param language BCP 47 tag; absent or another: any of them
 * @param heard how they were heard: what a recogniser is not sure of ("step") may be misheard
 */
export function isCommand(text: string, language?: string, heard: Omit<HeardWords, "text"> = {}): boolean {
  const name = languageIn(COMMANDS, language) ?? "";
  const words = name === "" ? Object.values(COMMANDS).join("|") : (COMMANDS[name] ?? "");
  let pattern = known.get(name);
  if (!pattern) {
    pattern = new RegExp(`^(?:(?:${POLITE}) )*(?:${words})(?: (?:${words}|${POLITE}))*$`, "u");
    known.set(name, pattern);
  }
  const plain = text
    .normalize("NFC")
    .toLowerCase()
    .replace(/[\p{P}\p{S}\s]+/gu, " ")
    .trim();
  if (plain.length > MOST_CHARS) return false;
  if (pattern.test(plain)) return true;
  const { confidence = 1 } = heard;
  if (confidence >= SURE) return false;
  const commands = spelled.get(name) ?? spellings(words);
  spelled.set(name, commands);
  return farFrom(commands, plain) <= NEAR;
}
