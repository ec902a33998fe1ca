import { seededRandom } from "@roomkit/testing";

/** A text in deltas: character by character (surrogates too), in even steps, and in several random ways. */
export function partitions(text: string): string[][] {
  const random = seededRandom(text.length);
  const even = [1, 2, 3, 7].map((size) => chop(text, () => size));
  const uneven = [4, 20, 90].map((most) => chop(text, () => 1 + Math.floor(random() * most)));
  return [...even, ...uneven];
}

function chop(text: string, size: () => number): string[] {
  const deltas: string[] = [];
  for (let at = 0; at < text.length; ) {
    const next = at + size();
    deltas.push(text.slice(at, next));
    at = next;
  }
  return deltas;
}
