import { RoomKitError } from "@roomkit/core";

/** What may end a text that goes on, by its name in decisions. */
export type UnfinishedReason =
  | "article"
  | "auxiliary"
  | "conjunction"
  | "filler"
  | "opening"
  | "possessive"
  | "preposition";

/** What callers are asked for that they give in pieces. */
export type Asked = "address" | "digits" | "email" | "name" | "spelling";

/**
 * What a language's words tell of whether a turn is over. Phrases are lower-case words with single spaces between them, no punctuation;
 * all members may be left out.
 */
export interface TurnLexicon {
  /** What a text ends with when it goes on: `because`, `the capital of`. The longest match counts. */
  readonly unfinished?: { readonly [Reason in UnfinishedReason]?: readonly string[] | undefined } | undefined;
  /** What may end a text, or go on: `that`, `turn it on`. */
  readonly either?: readonly string[] | undefined;
  /** What a text ends with when it is over: `please`, `tomorrow`, `that's all`. */
  readonly closing?: readonly string[] | undefined;
  /** Whole texts that are over: `yes`, `no thanks`, `stop`. */
  readonly answers?: readonly string[] | undefined;
  /** What comes before what is said: `well`, `hello`. */
  readonly leads?: readonly string[] | undefined;
  /** What questions begin with: `what`, `can you`. */
  readonly questions?: readonly string[] | undefined;
  /** Those of them that ask for something and may stand with a pronoun at the end: `how old are you`. */
  readonly interrogatives?: readonly string[] | undefined;
  /** Verbs that need no other: `how old are you`, but not `how do you`. */
  readonly copulas?: readonly string[] | undefined;
  /** Prepositions that questions may end with: `what is it for`. */
  readonly stranded?: readonly string[] | undefined;
  /** What begins a command of several words: `play`, `tell me`. */
  readonly commands?: readonly string[] | undefined;
  /** What begins a clause after which the main one follows: `if`. */
  readonly subordinate?: readonly string[] | undefined;
  /** Who does something: `i`, `we`. Before an auxiliary at the end they make a short answer, after it an open question. */
  readonly pronouns?: readonly string[] | undefined;
  /** What says that there is none: `not`, `don't`. */
  readonly negations?: readonly string[] | undefined;
  /** Number words, and how many digits each stands for: `seven` 1, `twelve` 2. */
  readonly numbers?: Readonly<Record<string, number>> | undefined;
  /** Words for letters and signs when people spell: `bravo`, `dash`. */
  readonly spelling?: readonly string[] | undefined;
  /** Between a letter and its word: `as in`. */
  readonly asIn?: readonly string[] | undefined;
  /** What makes of the number after it a time or an amount: `at`, `around`. */
  readonly beforeAmounts?: readonly string[] | undefined;
  /** What an assistant says who asks for something that comes in pieces, or a caller who is about to give it. */
  readonly asks?: { readonly [What in Asked]?: readonly string[] | undefined } | undefined;
  /** How many digits something has: `zip code` 5 or 9. */
  readonly lengths?: Readonly<Record<string, readonly number[]>> | undefined;
}

type Phrases = ReadonlySet<string>;

/** A lexicon made ready to look things up in. */
export interface Words {
  readonly unfinished: ReadonlyMap<string, UnfinishedReason>;
  readonly either: Phrases;
  readonly closing: Phrases;
  readonly answers: Phrases;
  readonly leads: Phrases;
  readonly questions: Phrases;
  readonly interrogatives: Phrases;
  readonly copulas: Phrases;
  readonly stranded: Phrases;
  readonly commands: Phrases;
  readonly subordinate: Phrases;
  readonly pronouns: Phrases;
  readonly negations: Phrases;
  readonly numbers: ReadonlyMap<string, number>;
  readonly spelling: Phrases;
  readonly asIn: Phrases;
  readonly beforeAmounts: Phrases;
  readonly asks: ReadonlyMap<Asked, Phrases>;
  readonly lengths: ReadonlyMap<string, readonly number[]>;
}

/**
 * One lexicon out of several of a language; later ones win.
 *
 * @param name how the application calls them, for errors
 * @throws RoomKitError `invalid_option` for what is no lexicon
 */
export function wordsOf(name: string, ...lexicons: readonly TurnLexicon[]): Words {
  const fail = (member: string): never => {
    throw new RoomKitError("invalid_option", `${name}.${member} must be what TurnLexicon says`);
  };
  const member = <K extends keyof TurnLexicon>(key: K): NonNullable<TurnLexicon[K]>[] =>
    lexicons.flatMap((lexicon) => {
      const value = lexicon[key];
      if (value === undefined) return [];
      if (typeof value !== "object" || value === null) return fail(key);
      return [value as NonNullable<TurnLexicon[K]>];
    });
  const phrases = (key: string, lists: readonly unknown[]): Phrases => {
    const all = lists.flatMap((list) => (Array.isArray(list) ? list : fail(key)));
    return new Set(all.map((phrase) => (typeof phrase === "string" ? phrase : fail(key))));
  };
  type Lists = Exclude<keyof TurnLexicon, "unfinished" | "asks" | "lengths" | "numbers">;
  const set = (key: Lists): Phrases => phrases(key, member(key));
  const entries = <T>(key: "unfinished" | "asks" | "lengths" | "numbers"): [string, T][] =>
    member(key).flatMap((value) =>
      Object.entries(value as Readonly<Record<string, T>>).filter(([, it]) => it !== undefined),
    );
  const asks = new Map<Asked, Set<string>>();
  for (const [what, list] of entries<unknown>("asks")) {
    const known = asks.get(what as Asked) ?? new Set();
    asks.set(what as Asked, new Set([...known, ...phrases("asks", [list])]));
  }
  const isCount = (value: unknown): value is number => typeof value === "number" && value >= 0 && value <= 100;
  const numbers = entries<unknown>("numbers").map(
    ([word, digits]) => [word, isCount(digits) ? digits : fail("numbers")] as const,
  );
  const lengths = entries<unknown>("lengths").map(
    ([phrase, list]) =>
      [phrase, Array.isArray(list) && list.every(isCount) ? (list as number[]) : fail("lengths")] as const,
  );
  const unfinished = entries<unknown>("unfinished").flatMap(([reason, list]) =>
    [...phrases("unfinished", [list])].map((phrase) => [phrase, reason as UnfinishedReason] as const),
  );
  return {
    unfinished: new Map(unfinished),
    either: set("either"),
    closing: set("closing"),
    answers: set("answers"),
    leads: set("leads"),
    questions: set("questions"),
    interrogatives: set("interrogatives"),
    copulas: set("copulas"),
    stranded: set("stranded"),
    commands: set("commands"),
    subordinate: set("subordinate"),
    pronouns: set("pronouns"),
    negations: set("negations"),
    spelling: set("spelling"),
    asIn: set("asIn"),
    beforeAmounts: set("beforeAmounts"),
    numbers: new Map(numbers),
    asks,
    lengths: new Map(lengths),
  };
}
