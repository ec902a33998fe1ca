/** The language of a BCP 47 tag, if there is an entry for it in a table by language. */
export function languageIn(table: object, tag: string | undefined): string | undefined {
  const language = tag?.toLowerCase().split("-", 1)[0];
  return language && Object.hasOwn(table, language) ? language : undefined;
}
