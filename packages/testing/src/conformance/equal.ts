import { check } from "./case.ts";

/** JSON with the keys in order, so that two values that say the same give the same text. Fields that are `undefined` do not count. */
function canonical(value: unknown): string {
  return (
    JSON.stringify(value, (_, inner: unknown) =>
      typeof inner === "object" && inner !== null && !Array.isArray(inner)
        ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
        : inner,
    ) ?? "undefined"
  );
}

/** @throws ConformanceFailure when the two do not say the same, as JSON. */
export function checkEqual(actual: unknown, expected: unknown, what: string): void {
  const [found, wanted] = [canonical(actual), canonical(expected)];
  check(found === wanted, `${what}: expected ${wanted}, found ${found}`);
}
