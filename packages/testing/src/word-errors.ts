const ONES =
  "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen".split(
    " ",
  );
const TENS = "- - twenty thirty forty fifty sixty seventy eighty ninety".split(" ");

function number(digits: string): string {
  const n = Number(digits);
  // Numbers of three digits and more are compared digit by digit.
  if (digits.length > 2) return [...digits].map(number).join(" ");
  if (n < 20) return ONES[n] as string;
  return n % 10 === 0 ? (TENS[n / 10] as string) : `${TENS[Math.floor(n / 10)]} ${ONES[n % 10]}`;
}

/** A text as words that can be compared: no case, no punctuation, digits as words. */
export function wordsOf(text: string): string[] {
  return text
    .toLowerCase()
    .replace(/[’‘]/g, "'")
    .replace(/\bmr\./g, "mister")
    .replace(/\d+/g, (digits) => ` ${number(digits)} `)
    .replace(/[^a-z' ]/g, " ")
    .split(" ")
    .filter((word) => word !== "");
}

/** How many words must be put in, taken out or replaced to make one text the other, and how many words the wanted one has. */
export function wordErrors(wanted: string, heard: string): { readonly errors: number; readonly words: number } {
  const a = wordsOf(wanted);
  const b = wordsOf(heard);
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] as number) + 1, (next[j - 1] as number) + 1));
    }
    row = next;
  }
  return { errors: row[b.length] as number, words: a.length };
}

/** Word error rate over several texts, 0 to 1 and beyond. */
export function wordErrorRate(pairs: Iterable<readonly [wanted: string, heard: string]>): number {
  let errors = 0;
  let words = 0;
  for (const [wanted, heard] of pairs) {
    const found = wordErrors(wanted, heard);
    errors += found.errors;
    words += found.words;
  }
  return errors / words;
}
