/**
 * A stretch of text and what is said in its place: the same, something else ("a link" for an address), or nothing. Where the two
 * differ it is one unit: it has been heard when all of it has been said, and is never cut inside.
 */
export interface SpokenRun {
  readonly written: string;
  readonly spoken: string;
  /** Of a run that is not said: it belongs to what follows it (an opening mark), not to what is before it. */
  readonly opens?: boolean | undefined;
}

/** A piece of text for a voice, and how it stands in the text it was taken from. */
export interface SpokenPiece {
  /** What the voice says, without white space around it; empty for what is only read. */
  readonly spoken: string;
  /** What was written, with the white space before it as it was written. The pieces of a text together are the text. */
  readonly written: string;
  /** In order; together they are the whole of both, but for the white space around `spoken`. */
  readonly runs: readonly SpokenRun[];
}

/** Whether a voice can say anything of a text: one of marks and spaces alone is silent. */
export function isSpeakable(text: string): boolean {
  return /[\p{L}\p{N}\p{Sc}\p{Sm}%&@#©®™°]/u.test(text);
}

/** A piece of runs; white space at the ends of what is spoken is only written. */
export function pieceOf(runs: readonly SpokenRun[]): SpokenPiece {
  const whole = runs.map((run) => run.spoken).join("");
  const from = whole.length - whole.trimStart().length;
  const to = isSpeakable(whole) ? whole.trimEnd().length : from;
  const trimmed: SpokenRun[] = [];
  let at = 0;
  for (const run of runs) {
    const start = Math.min(Math.max(from - at, 0), run.spoken.length);
    const end = Math.min(Math.max(to - at, start), run.spoken.length);
    at += run.spoken.length;
    trimmed.push(...cutRun(run, start, end));
  }
  return {
    spoken: whole.slice(from, to),
    written: runs.map((run) => run.written).join(""),
    runs: trimmed,
  };
}

/** A text that is said as it is written. */
export function plainPiece(text: string): SpokenPiece {
  return pieceOf([{ written: text, spoken: text }]);
}

/** The run with only `start` to `end` of what it says said; what was written stays. */
function cutRun(run: SpokenRun, start: number, end: number): SpokenRun[] {
  if (start === 0 && end === run.spoken.length) return [run];
  if (run.written !== run.spoken) return [{ ...run, spoken: run.spoken.slice(start, end) }];
  const parts: SpokenRun[] = [
    { written: run.written.slice(0, start), spoken: "", opens: end > start },
    { written: run.written.slice(start, end), spoken: run.spoken.slice(start, end) },
    { written: run.written.slice(end), spoken: "" },
  ];
  return parts.filter((part) => part.written !== "" || part.spoken !== "");
}

/**
 * Takes the runs of the first `length` characters of a side off a list. What has none at the cut closes what stands before it, unless it
 * opens what follows, or stands behind white space: a mark that closes never does, and a block of its own line always.
 */
export function takeRuns(runs: SpokenRun[], length: number, side: "spoken" | "written" = "spoken"): SpokenRun[] {
  const taken: SpokenRun[] = [];
  let left = length;
  let i = 0;
  for (; i < runs.length; i++) {
    const run = runs[i] as SpokenRun;
    const size = run[side].length;
    if (left === 0 && (size > 0 || run.opens || /\s$/u.test(taken.at(-1)?.[side] ?? ""))) break;
    if (size <= left) {
      taken.push(run);
      left -= size;
      continue;
    }
    if (run.written !== run.spoken) {
      // Cut in the middle of a unit: what was written goes with its end, so that it counts when all of it was said.
      taken.push({ written: "", spoken: run.spoken.slice(0, left) });
      runs[i] = { ...run, spoken: run.spoken.slice(left) };
    } else {
      taken.push({ written: run.written.slice(0, left), spoken: run.spoken.slice(0, left) });
      runs[i] = { written: run.written.slice(left), spoken: run.spoken.slice(left) };
    }
    break;
  }
  runs.splice(0, i);
  return taken;
}
