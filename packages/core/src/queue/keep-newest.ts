/** Forgets the oldest entries of a map or set until no more than `most` are left; for what is only remembered for a while. */
export function keepNewest<K>(entries: Map<K, unknown> | Set<K>, most: number): void {
  for (const key of entries.keys()) {
    if (entries.size <= most) return;
    entries.delete(key);
  }
}
