const SWAP: Readonly<Record<string, string>> = {
  i: "you",
  me: "you",
  my: "your",
  mine: "yours",
  myself: "yourself",
  am: "are",
  was: "were",
  you: "I",
  your: "my",
  yours: "mine",
  yourself: "myself",
  we: "you",
  our: "your",
  us: "you",
};

/** What somebody says of themselves, said back to them: `my dog and i` becomes `your dog and you`. */
export function reflect(words: string): string {
  return words
    .split(" ")
    .map((word) => SWAP[word] ?? word)
    .join(" ");
}

/** With a capital first letter. */
export function capitalize(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
