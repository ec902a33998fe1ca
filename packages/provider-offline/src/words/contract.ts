const CONTRACTIONS: readonly (readonly [RegExp, string])[] = [
  [/\b(I) am(?= \w)/g, "$1'm"],
  [/\b(I|[Yy]ou|[Ww]e|[Tt]hey) (?:will)(?= \w)/g, "$1'll"],
  [/\b([Yy]ou|[Ww]e|[Tt]hey) are(?= \w)/g, "$1're"],
  [/\b(I) have(?= (?:not|never|been|learned|had|got)\b)/g, "$1've"],
  [/\b(I|[Yy]ou) would(?= \w)/g, "$1'd"],
  [/\b([Ii]t|[Tt]hat|[Tt]here|[Ww]hat|[Ww]ho|[Ww]here|[Hh]ow) is(?= \w)/g, "$1's"],
  [/\b([Dd]o|[Dd]oes|[Dd]id|[Ii]s|[Aa]re|[Ww]as|[Ww]ere|[Hh]as|[Hh]ave) not\b/g, "$1n't"],
  [/\b([Cc])annot\b/g, "$1an't"],
  [/\b([Ll])et us\b/g, "$1et's"],
];

/** The short forms people speak in: `I'm`, `don't`, `what's`. A full form at the end of a clause stays: `Heads it is.` */
export function contract(text: string): string {
  return CONTRACTIONS.reduce((result, [pattern, short]) => result.replace(pattern, short), text);
}
