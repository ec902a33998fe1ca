import { isWordBoundary, pieceOf, type SpokenPiece, type SpokenRun, takeRuns } from "@roomkit/core";

/** A stretch of the old text (`from` to `to`) and what stands there now. */
interface Change {
  from: number;
  to: number;
  text: string;
  same: boolean;
}

/** Tokens compared with each other at most; beyond that the changed stretch counts as one. */
const MAX_TOKENS = 400;

/** The piece, said with other words. What was written stays; where words were exchanged it is followed in proportion. */
export function withSpoken(piece: SpokenPiece, spoken: string): SpokenPiece {
  return spoken === piece.spoken ? piece : changed(piece, "spoken", spoken);
}

/** The piece, said as before but written with other words; the white space before it stays. */
export function withWritten(piece: SpokenPiece, written: string): SpokenPiece {
  const trimmed = piece.written.trim();
  if (written === trimmed) return piece;
  const from = piece.written.indexOf(trimmed);
  const before = piece.written.slice(0, from);
  const after = piece.written.slice(from + trimmed.length);
  return changed(piece, "written", written === "" ? "" : `${before}${written}${after}`);
}

function changed(piece: SpokenPiece, side: "spoken" | "written", text: string): SpokenPiece {
  const old = piece[side];
  const runs: SpokenRun[] = [];
  const left = [...piece.runs];
  for (const change of atRunEnds(changesBetween(old, text), piece.runs, side)) {
    const inside = takeRuns(left, change.to - change.from, side);
    if (change.same) {
      runs.push(...inside);
      continue;
    }
    const joined = {
      written: inside.map((run) => run.written).join(""),
      spoken: inside.map((run) => run.spoken).join(""),
      [side]: change.text,
    };
    runs.push(...byWords(joined));
  }
  return pieceOf([...runs, ...left]);
}

/** Shares what is said among the words that were written, in proportion. */
function byWords({ written, spoken }: { readonly written: string; readonly spoken: string }): SpokenRun[] {
  if (written === spoken) return [{ written, spoken }];
  const ends: number[] = [];
  for (let at = 1; at < written.length; at++)
    if (isWordBoundary(written, at) && /\S/.test(written.slice(0, at))) ends.push(at);
  const runs: SpokenRun[] = [];
  let from = 0;
  let saidFrom = 0;
  for (const end of [...ends, written.length]) {
    const said = end === written.length ? spoken.length : Math.round((spoken.length * end) / written.length);
    runs.push({ written: written.slice(from, end), spoken: spoken.slice(saidFrom, said) });
    from = end;
    saidFrom = said;
  }
  return runs;
}

/** Widens changes so that none begins or ends inside a run that is one unit: only what is said as it is written is cut. */
function atRunEnds(changes: readonly Change[], runs: readonly SpokenRun[], side: "spoken" | "written"): Change[] {
  const inside = new Set<number>();
  let at = 0;
  for (const run of runs) {
    const size = run[side].length;
    if (run.written !== run.spoken) for (let i = 1; i < size; i++) inside.add(at + i);
    at += size;
  }
  const result: Change[] = [];
  for (const change of changes) {
    const last = result.at(-1);
    if (last && (inside.has(change.from) || change.from === change.to || last.from === last.to)) {
      last.same = false;
      last.to = change.to;
      last.text += change.text;
    } else result.push({ ...change });
  }
  return result;
}

/** What became of a text, in order and without a gap. Compared word by word. */
function changesBetween(old: string, now: string): Change[] {
  const before = tokens(old);
  const after = tokens(now);
  let head = 0;
  while (head < before.length && head < after.length && before[head] === after[head]) head++;
  let tail = 0;
  while (tail < before.length - head && tail < after.length - head && before.at(-1 - tail) === after.at(-1 - tail))
    tail++;
  const a = before.slice(head, before.length - tail);
  const b = after.slice(head, after.length - tail);
  const pairs: [number, number][] = a.length > MAX_TOKENS || b.length > MAX_TOKENS ? [] : commonTokens(a, b);
  const changes: Change[] = [];
  let at = 0;
  const push = (from: readonly string[], to: readonly string[], same: boolean): void => {
    if (from.length === 0 && to.length === 0) return;
    const end = at + from.join("").length;
    changes.push({ from: at, to: end, text: to.join(""), same });
    at = end;
  };
  const same = (part: readonly string[]): void => {
    for (const token of part) push([token], [token], true);
  };
  same(before.slice(0, head));
  let i = 0;
  let j = 0;
  for (const [ai, bi] of [...pairs, [a.length, b.length] as const]) {
    push(a.slice(i, ai), b.slice(j, bi), false);
    if (ai < a.length) same(a.slice(ai, ai + 1));
    i = ai + 1;
    j = bi + 1;
  }
  same(before.slice(before.length - tail));
  return changes;
}

function tokens(text: string): string[] {
  return text.match(/[\p{L}\p{N}\p{M}]+|\s+|./gsu) ?? [];
}

/** The longest common subsequence, as pairs of indexes; white space is no anchor. */
function commonTokens(a: readonly string[], b: readonly string[]): [number, number][] {
  const width = b.length + 1;
  const best = new Uint16Array((a.length + 1) * width);
  const equal = (i: number, j: number): boolean => a[i] === b[j] && /\S/.test(a[i] as string);
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      const skip = Math.max(best[(i + 1) * width + j] as number, best[i * width + j + 1] as number);
      best[i * width + j] = equal(i, j) ? (best[(i + 1) * width + j + 1] as number) + 1 : skip;
    }
  }
  const pairs: [number, number][] = [];
  for (let i = 0, j = 0; i < a.length && j < b.length; ) {
    if (equal(i, j)) pairs.push([i++, j++]);
    else if ((best[(i + 1) * width + j] as number) >= (best[i * width + j + 1] as number)) i++;
    else j++;
  }
  return pairs;
}
