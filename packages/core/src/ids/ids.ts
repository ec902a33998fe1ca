/** Makes identifiers; passed in so that tests get the same ones twice. */
export type IdSource = (prefix: string) => string;

/** `prefix_` and 32 hexadecimal digits from the platform's cryptographic random source. */
export const randomId: IdSource = (prefix) => `${prefix}_${crypto.randomUUID().replaceAll("-", "")}`;

/** `prefix_1`, `prefix_2`, ...: for tests and replays. */
export function sequentialIds(): IdSource {
  let count = 0;
  return (prefix) => `${prefix}_${++count}`;
}
