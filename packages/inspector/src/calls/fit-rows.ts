import type { CallRow } from "./views.ts";

/** As many calls as fit into so many characters of JSON, those that go on first, and how many of these do not. */
export function fitRows(rows: readonly CallRow[], maxCharacters: number): { readonly calls: CallRow[]; more: number } {
  const calls: CallRow[] = [];
  let characters = 0;
  let more = 0;
  for (const row of rows) {
    characters += JSON.stringify(row).length + 1;
    if (characters <= maxCharacters) calls.push(row);
    else if (!row.ended) more++;
  }
  return { calls, more };
}
