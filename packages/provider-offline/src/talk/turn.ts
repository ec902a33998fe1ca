import { normalize, wordsOf } from "../words/normalize.ts";

/** Of a longer utterance the end counts: that is where the question stands, and what is read costs the same whatever comes. */
const MAX_CHARS = 800;

/** How a short answer continues the assistant's last words. */
type FollowUp = "yes" | "no" | "why" | "more" | "hint" | "give-up" | "and";

const FOLLOW_UPS: readonly (readonly [FollowUp, RegExp])[] = [
  [
    "no",
    /^(no|nope|nah|no thanks|no thank you|not now|not really|not yet|i do not want( to| it| one)?|no more|rather not|i would rather not|absolutely not|never)( (no|thanks|thank you|kit))*$/,
  ],
  [
    "give-up",
    /^(i give up|give up|i do not know( it)?|no idea|i have no idea|no clue|dunno|i am stuck|tell me( the answer)?|what is (the answer|it)( then)?|(the )?(answer|solution)|beats me|i can not (guess|think of it)|not sure|i am not sure|i pass|pass)$/,
  ],
  [
    "hint",
    /^(a hint|hint|give me a (hint|clue)|(can|could) i (have|get) a (hint|clue)|(can|could) you give me a (hint|clue)|a clue|clue|help me( out)?|another hint)$/,
  ],
  [
    "more",
    /\b(another( one)?|one more( time)?|once more|next( one)?|more of (those|them|that)|tell me more|more|again|do it again|try again|keep going|go on|continue|and then|what happen(s|ed) (then|next))$|^(another|one more|tell me another|give me another|hit me again)\b/,
  ],
  [
    "why",
    /^(but )?(why|how come|why is that|why not|why so|why do you say that|what do you mean|how so|explain( that| it)?)$/,
  ],
  [
    "yes",
    /^(yes|yeah|yep|yup|yea|ya|sure|ok|okay|of course|absolutely|definitely|certainly|go ahead|why not|i would( love| like)?( to| that| it)?|sounds (good|great|fun)|all right|alright|fine|do it|go for it|i do|i am|i think so|let us (do|hear) (it|that|one)|with pleasure|gladly|please do|yes i (do|am|would|did)|right|correct|exactly)( (yes|sure|please|go|ahead|go ahead|tell me|thanks|thank you|why not|okay|of course|then|let us hear it|do it|more|another( one)?))*$/,
  ],
  ["and", /^(and|what about|how about|and what about|and how about|and for|and in)\b/],
];

/** One utterance of the person, as the skills see it. */
export interface Turn {
  /** As it was recognised, notes and noise marks taken out. */
  readonly raw: string;
  /** See {@link normalize}. */
  readonly text: string;
  readonly words: readonly string[];
  /** Set when it may continue what the assistant said. */
  readonly followUp: FollowUp | undefined;
}

export function readTurn(said: string, persona: string): Turn {
  const raw = said.length > MAX_CHARS ? said.slice(-MAX_CHARS) : said;
  const text = normalize(raw, persona);
  return {
    raw: withoutNotes(raw),
    text,
    words: wordsOf(text),
    followUp: FOLLOW_UPS.find(([, pattern]) => pattern.test(text))?.[0],
  };
}

function withoutNotes(raw: string): string {
  return raw
    .replace(/\[[^\]]*\]|\([^)]*\)/g, " ")
    .replace(/\s+/g, " ")
    .trim();
}
