import type { AIMessage } from "@roomkit/core";
import { normalize } from "../words/normalize.ts";
import { readTurn, type Turn } from "./turn.ts";

/** The newest so many things said are looked at: what an answer costs stays bounded however long a conversation gets. */
const MAX_SAID = 200;
/** How many words of a wording must stand in the log to know it again: an interrupted answer has only its beginning. */
const RECOGNISABLE_WORDS = 6;

/** What the skills may know besides the words: everything that changes comes from outside. */
export interface World {
  /** What the assistant calls itself. */
  readonly persona: string;
  /** Wall time, ms since 1970. */
  readonly now: number;
  readonly timeZone: string | undefined;
  /** In [0, 1). */
  random(): number;
}

/** One thing that was said, oldest first. */
export type Said =
  | { readonly role: "user"; readonly turn: Turn }
  | { readonly role: "assistant"; readonly text: string; readonly words: string };

/**
 * The conversation up to an utterance. All memory there is: it is read from the messages of the request each time, so one
 * conversation cannot know of another.
 */
export class Talk {
  readonly world: World;
  readonly said: readonly Said[];
  /** What the person said before, oldest first. */
  readonly userTurns: readonly Turn[];
  /** What the assistant said before, newest first: as spoken, and normalised. */
  readonly answers: readonly { readonly text: string; readonly words: string }[];

  constructor(said: readonly Said[], world: World) {
    this.said = said;
    this.world = world;
    this.userTurns = said.flatMap((entry) => (entry.role === "user" ? [entry.turn] : []));
    this.answers = said.filter((entry) => entry.role === "assistant").reverse();
  }

  /** What the assistant said last, directly before this utterance; normalised, or `""`. */
  get last(): string {
    return this.answers[0]?.words ?? "";
  }

  /** The conversation as it stood before the person's utterance number `index`. */
  before(index: number): Talk {
    let count = -1;
    const end = this.said.findIndex((entry) => entry.role === "user" && ++count === index);
    return new Talk(this.said.slice(0, end), this.world);
  }

  /** Whether the assistant has said these words, or began to. */
  used(wording: string): boolean {
    const key = beginning(wording);
    return this.answers.some((answer) => ` ${answer.words} `.includes(` ${key} `));
  }

  /** One of the wordings, by chance, and none a second time before all have been used; then the one unused for longest. */
  pick(wordings: readonly string[]): string {
    const fresh = wordings.filter((wording) => !this.used(wording));
    if (fresh.length > 0) return fresh[Math.floor(this.world.random() * fresh.length)] ?? "";
    const age = (wording: string): number => {
      const key = beginning(wording);
      return this.answers.findIndex((answer) => ` ${answer.words} `.includes(` ${key} `));
    };
    return [...wordings].sort((a, b) => age(b) - age(a))[0] ?? "";
  }
}

/** Reads the conversation; `current` is what is to be answered, undefined when the last message is no utterance. */
export function readTalk(
  messages: readonly AIMessage[],
  world: World,
): { readonly talk: Talk; readonly current: Turn | undefined } {
  const said: Said[] = [];
  for (const message of messages) {
    if (message.role === "user") {
      // Several lines are several utterances that no answer came between.
      const lines = message.content.split("\n").map((line) => readTurn(line, world.persona));
      const kept = lines.filter((turn) => turn.raw !== "");
      for (const turn of kept.length > 0 ? kept : lines.slice(-1)) said.push({ role: "user", turn });
    } else if (message.role === "assistant" && message.content.trim() !== "") {
      said.push({ role: "assistant", text: message.content, words: normalize(message.content) });
    }
  }
  const recent = said.slice(-MAX_SAID);
  const newest = recent.at(-1);
  if (newest?.role !== "user" || messages.at(-1)?.role !== "user")
    return { talk: new Talk(recent, world), current: undefined };
  return { talk: new Talk(recent.slice(0, -1), world), current: newest.turn };
}

/** The first words of a wording, normalised: what it is known by. */
export function beginning(wording: string): string {
  return normalize(wording).split(" ").slice(0, RECOGNISABLE_WORDS).join(" ");
}

/** Tells which of some entries the assistant said last in an answer, or began to say; made once for each list. */
export function recogniser<T>(
  entries: readonly T[],
  wording: (entry: T) => string,
): (answer: string | undefined) => T | undefined {
  const known = entries.map((entry) => [` ${beginning(wording(entry))} `, entry] as const);
  return (answer = "") => {
    let best: { entry: T; at: number } | undefined;
    for (const [key, entry] of known) {
      const at = ` ${answer} `.lastIndexOf(key);
      if (at >= 0 && (!best || at > best.at)) best = { entry, at };
    }
    return best?.entry;
  };
}
