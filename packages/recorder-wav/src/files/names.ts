/** Longest part of a name that comes from outside, in characters: with time, suffix and ending it stays below what any system takes. */
const MOST = 100;

/**
 * A name no system takes for anything else: letters, digits, `-`, `_` and single dots between them, so neither a path nor a device, a
 * hidden file or the directory above.
 */
export function safeName(text: string): string {
  const plain = text
    .normalize("NFKD")
    .replace(/[^A-Za-z0-9._-]+/g, "_")
    .replace(/\.{2,}/g, ".")
    .slice(0, MOST)
    .replace(/^[.\-_]+|[.\-_]+$/g, "");
  // What Windows takes for a device, whatever ending it has.
  const device = /^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i.test(plain);
  return plain === "" || device ? `_${plain}` : plain;
}

/** `20261129T065653123Z-` and the session's id: in order of time, and one for each. */
export function defaultName({
  sessionId,
  startedAt,
}: {
  readonly sessionId: string;
  readonly startedAt: number;
}): string {
  return `${new Date(startedAt).toISOString().replace(/[-:.]/g, "")}-${sessionId}`;
}
