const sentences: Readonly<Record<string, string>> = {
  short: "A short sound",
  backchannel: "You were only listening",
  echo: "The assistant heard itself",
  no_words: "A sound without words",
};

/** What became of a sound over the assistant's speech, in words; a cause that is not known is named as it is. */
export function dismissal(cause: string, resumed: boolean): string {
  return `${sentences[cause] ?? cause}: the assistant ${resumed ? "stopped, and went on" : "went on"}`;
}
