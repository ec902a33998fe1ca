/** The most characters the API takes at once. */
const MAX_CHARACTERS = 4_096;

/** Whether there is anything to say in a text: marks and spaces alone make the models babble. */
export function speakable(text: string): boolean {
  return /[\p{L}\p{N}]/u.test(text);
}

/** A text in parts the API takes, cut between sentences, else between words, else where it must be. */
export function portions(text: string, most: number = MAX_CHARACTERS): string[] {
  const result: string[] = [];
  let rest = text.trim();
  while (rest.length > most) {
    const window = rest.slice(0, most);
    const sentence = Math.max(...[". ", "! ", "? ", "。", "\n"].map((end) => window.lastIndexOf(end) + 1));
    const word = window.lastIndexOf(" ") + 1;
    let cut = sentence > most / 2 ? sentence : word > 0 ? word : most;
    // Not between the halves of a character outside the basic plane.
    if (cut === most && /[\uD800-\uDBFF]/.test(window.at(-1) ?? "")) cut--;
    result.push(rest.slice(0, cut).trim());
    rest = rest.slice(cut).trim();
  }
  result.push(rest);
  return result.filter(speakable);
}
