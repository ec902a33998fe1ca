/** A generator of numbers from 0 to 1, the same for the same seed. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A text in deltas: character by character (surrogates too), in even steps, and in several random ways. */
export function partitions(text: string): string[][] {
  const random = seeded(text.length);
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
