/** The same direction at length 1; undefined for what has none. */
export function asUnit(embedding: ArrayLike<number>): Float32Array | undefined {
  const length = Math.sqrt(dot(embedding, embedding));
  return length > 0 && Number.isFinite(length) ? Float32Array.from(embedding, (x) => x / length) : undefined;
}

/** Cosine of the angle between two, -1 to 1; 0 where one has no direction. */
export function cosine(a: ArrayLike<number>, b: ArrayLike<number>): number {
  return dot(a, b) / (Math.sqrt(dot(a, a) * dot(b, b)) || 1);
}

function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] as number) * (b[i] ?? 0);
  return sum;
}
