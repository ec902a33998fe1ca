export interface Sizes {
  /** Bytes of the tarball, and of what is in it. */
  readonly packages: Readonly<Record<string, Readonly<Record<string, number>>>>;
  /** Bytes, gzipped, of what a page loads. */
  readonly bundles: Readonly<Record<string, number>>;
}

/** What may come with a release without anybody looking at it: a tenth, and for small ones this many bytes. */
const SHARE = 1.1;
const BYTES = 4_096;

/** What has grown by more than the tolerance, and what has no size yet. */
export function tooLarge(now: Sizes, before: Sizes): string[] {
  const flat = ({ packages, bundles }: Sizes): Map<string, number> =>
    new Map([
      ...Object.entries(packages).flatMap(([name, sizes]) =>
        Object.entries(sizes).map(([kind, bytes]) => [`${name}, ${kind}`, bytes] as const),
      ),
      ...Object.entries(bundles).map(([name, bytes]) => [`${name}, in a page`, bytes] as const),
    ]);
  const known = flat(before);
  return [...flat(now)].flatMap(([what, bytes]) => {
    const then = known.get(what);
    if (then === undefined) return [`${what}: no size is recorded; npm run packages:sizes does`];
    const page = what.endsWith("in a page");
    const most = page ? then * SHARE : Math.max(then * SHARE, then + BYTES);
    return bytes <= most ? [] : [`${what}: ${bytes} bytes, ${then} before; if that is meant: npm run packages:sizes`];
  });
}
