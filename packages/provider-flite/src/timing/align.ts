import type { WordTiming } from "@roomkit/core";
import type { Token } from "../text/tokens.ts";
import { mismatch, type Phone } from "./phones.ts";

/** A letter that is not heard ("e" in "like", the second of a pair) and a sound that is not written ("k s" for "x"). */
const SILENT_LETTER = 0.45;
const UNWRITTEN_PHONE = 0.75;
/** A pause inside a word is unlikely; so is none where the text asks for one. */
const PAUSE_INSIDE = 2;
/**
 * Mean cost per phone beyond which the two do not line up. It measured 0.01 to 0.20 over 92 sentences of the four voices, and
 * 0.56 and more for phones of another sentence.
 */
const MAX_MEAN_COST = 0.45;

interface Letter {
  readonly char: string;
  readonly token: number;
}

const lettersOf = (tokens: readonly Token[]): Letter[] =>
  tokens.flatMap(({ spoken }, token) =>
    [...spoken.toLowerCase()].filter((char) => char >= "a" && char <= "z").map((char) => ({ char, token })),
  );

/**
 * When each word is spoken. The letters of what is said are aligned with the phones by least cost (the dynamic programme of
 * edit distance, with costs for how English writes each phone), and each word takes the time of its phones. A pause lies
 * between words. Where the two do not line up, the time between the outer pauses is shared out by the words' lengths.
 *
 * @param lengthMs length of the audio the phones were printed for: their own clock may run a few percent off
 */
export function alignWords(tokens: readonly Token[], phones: readonly Phone[], lengthMs: number): WordTiming[] {
  if (tokens.length === 0) return [];
  const scale = (phones.at(-1)?.endMs ?? 0) > 0 ? lengthMs / (phones.at(-1) as Phone).endMs : 1;
  const sounds = phones
    .map(({ name, endMs }, i) => ({
      name,
      startMs: (phones[i - 1]?.endMs ?? 0) * scale,
      endMs: endMs * scale,
      afterPause: phones[i - 1]?.name === "pau",
    }))
    .filter(({ name }) => name !== "pau");
  const owners = assign(lettersOf(tokens), sounds, tokens.length);
  if (!owners) return proportional(tokens, sounds[0]?.startMs ?? 0, sounds.at(-1)?.endMs ?? lengthMs);
  return tokens.map(({ written }, token) => {
    const first = owners.indexOf(token);
    const last = owners.lastIndexOf(token);
    return { text: written, startMs: sounds[first]?.startMs ?? 0, endMs: sounds[last]?.endMs ?? lengthMs };
  });
}

/** The token each phone belongs to; undefined when they do not line up or a token would get none. */
function assign(
  letters: readonly Letter[],
  sounds: readonly { readonly name: string; readonly afterPause: boolean }[],
  tokens: number,
): number[] | undefined {
  const width = sounds.length + 1;
  const cost = new Float64Array((letters.length + 1) * width).fill(Number.POSITIVE_INFINITY);
  // How each cell was reached: 1 letter and phone, 2 letter alone, 3 phone alone.
  const step = new Uint8Array(cost.length);
  cost[0] = 0;
  for (let i = 0; i <= letters.length; i++) {
    for (let j = 0; j < width; j++) {
      const at = i * width + j;
      const here = cost[at] as number;
      const letter = letters[i];
      const sound = sounds[j];
      const reach = (to: number, total: number, how: number): void => {
        if (total >= (cost[to] as number)) return;
        cost[to] = total;
        step[to] = how;
      };
      // A phone taken while letter i-1 was the last one belongs to that letter's token.
      const inside = letter !== undefined && i > 0 && letters[i - 1]?.token === letter.token;
      const pause = sound?.afterPause && j > 0 ? PAUSE_INSIDE : 0;
      if (letter && sound) reach(at + width + 1, here + mismatch(letter.char, sound.name) + (inside ? pause : 0), 1);
      if (letter) reach(at + width, here + SILENT_LETTER, 2);
      if (sound && i > 0) reach(at + 1, here + UNWRITTEN_PHONE + pause, 3);
    }
  }
  const total = cost[cost.length - 1] as number;
  if (sounds.length === 0 || !(total / sounds.length <= MAX_MEAN_COST)) return undefined;
  const owners = new Array<number>(sounds.length);
  for (let i = letters.length, j = sounds.length; i > 0 || j > 0; ) {
    const how = step[i * width + j];
    if (how !== 2) owners[--j] = (letters[i - 1] as Letter).token;
    if (how !== 3) i--;
  }
  return new Set(owners).size === tokens ? owners : undefined;
}

/** Words one after the other, each as long as its share of the letters. */
export function proportional(tokens: readonly Token[], startMs: number, endMs: number): WordTiming[] {
  const total = tokens.reduce((sum, { spoken }) => sum + spoken.length + 1, 0);
  let at = startMs;
  return tokens.map(({ written, spoken }) => {
    const wordStart = at;
    at += ((endMs - startMs) * (spoken.length + 1)) / total;
    return { text: written, startMs: wordStart, endMs: at };
  });
}
