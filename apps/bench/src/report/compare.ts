import { readdirSync, readFileSync } from "node:fs";
import type { Comparison, Figure } from "../measure/report.ts";
import type { Report } from "./report-types.ts";

/** Fallen by more than this share is fallen. */
const TOLERANCE = 0.1;
const ROUNDING = 1e-9;

/** One figure of a run, as far as it can be held against another run's. */
interface Held {
  readonly value: number;
  readonly range: readonly [least: number, most: number];
  readonly more: boolean;
  /** What was held: the ratio to the reference, or the figure itself. */
  readonly what: "ratio" | "figure";
}

interface Change {
  /** Row, label and name of the figure. */
  readonly figure: string;
  readonly what: "ratio" | "figure";
  readonly before: number;
  readonly now: number;
  /** How much worse, as a share: 0.2 is a fifth. */
  readonly worse: number;
  /** Of several runs the best is no worse than the worst before was: that may be chance. */
  readonly uncertain: boolean;
}

export interface Verdict {
  readonly fallen: readonly Change[];
  /** Fallen, but within the spread of the runs. */
  readonly uncertain: readonly Change[];
  readonly compared: number;
  /** Figures that only one of the two has. */
  readonly gone: readonly string[];
}

type Written = Partial<Pick<Report, "rows">> & {
  readonly bench?: string;
  readonly comparisons?: readonly Comparison[];
};

/** What a run has lost against one before: of a report, or of the file of a single benchmark. */
export function against(before: Written, now: Written): Verdict {
  const [old, fresh] = [figuresOf(before), figuresOf(now)];
  const changes = [...fresh].flatMap(([figure, held]): Change[] => {
    const then = old.get(figure);
    if (then === undefined) return [];
    const worse = lossOf(then.value, held.value, held.more);
    if (!(worse > TOLERANCE + ROUNDING)) return [];
    const apart = held.more ? held.range[1] < then.range[0] : held.range[0] > then.range[1];
    return [{ figure, what: held.what, before: then.value, now: held.value, worse, uncertain: !apart }];
  });
  return {
    fallen: changes.filter(({ uncertain }) => !uncertain),
    uncertain: changes.filter(({ uncertain }) => uncertain),
    compared: [...fresh.keys()].filter((figure) => old.has(figure)).length,
    gone: [...old.keys()].filter((figure) => !fresh.has(figure)),
  };
}

function lossOf(before: number, now: number, more: boolean): number {
  if (before === now) return 0;
  return more ? 1 - now / before : now / before - 1;
}

function figuresOf({ rows, bench = "", comparisons = [] }: Written): Map<string, Held> {
  const all = rows
    ? rows.flatMap(({ row, result }) => (result ? [{ row, comparisons: result.comparisons }] : []))
    : [{ row: bench, comparisons }];
  return new Map(
    all.flatMap(({ row, comparisons: own }) =>
      own.flatMap(({ label, figures }) =>
        figures.map((figure) => [`${row}: ${label}: ${figure.name}`, held(figure)] as const),
      ),
    ),
  );
}

/** Both sides of a ratio met the same machine, so it says more than the figure. */
function held({ ours, ratio, range, more, absolute }: Figure): Held {
  const value = absolute ? ours : ratio;
  const of = absolute ? range?.ours : range?.ratio;
  return { value, range: of ?? [value, value], more: more === true, what: absolute ? "figure" : "ratio" };
}

/**
 * `compare [OLD] [NEW]`: without NEW the last report in `results/`, without OLD the one before, or the recorded one. Prints what fell by more than a
 * tenth. @returns whether nothing did
 */
export function compareFiles(given: readonly string[], results: URL, recorded: URL): boolean {
  const [before, now] = files(given, results, recorded);
  const verdict = against(read(before), read(now));
  if (verdict.compared === 0) throw new Error(`${before} and ${now} have no figure in common`);
  const lines = (title: string, changes: readonly Change[]): string[] =>
    changes.length === 0
      ? []
      : [
          title,
          ...changes.map(
            ({ figure, what, before: then, now: value, worse }) =>
              `  ${figure}: ${what} ${then.toPrecision(3)} -> ${value.toPrecision(3)}, ${Math.round(worse * 100)} % worse`,
          ),
        ];
  console.log(
    [
      `${now}\nagainst ${before}: ${verdict.compared} figures`,
      ...lines("Fell by more than 10 %:", verdict.fallen),
      ...lines("Fell by more than 10 %, but no more than the runs differ among themselves:", verdict.uncertain),
      ...(verdict.gone.length > 0 ? [`Not measured this time: ${verdict.gone.length} figures`] : []),
      ...(verdict.fallen.length === 0 ? ["Nothing fell."] : []),
    ].join("\n"),
  );
  return verdict.fallen.length === 0;
}

function files(given: readonly string[], results: URL, recorded: URL): [before: string, now: string] {
  const [before, now] = given;
  if (before !== undefined && now !== undefined) return [before, now];
  const reports = lastReports(results);
  const last = reports.at(-1);
  if (last === undefined) throw new Error("there is no report in results/; npm run bench -- report makes one");
  return [before ?? reports.at(-2) ?? recorded.pathname, last];
}

function lastReports(results: URL): string[] {
  try {
    const names = readdirSync(results).filter((name) => /^report-.*\.json$/.test(name));
    return names.sort().map((name) => new URL(name, results).pathname);
  } catch {
    return [];
  }
}

function read(path: string): Written {
  const written = JSON.parse(readFileSync(path, "utf8")) as Written;
  if (!written.rows && !written.comparisons) throw new Error(`${path} is no report and no result of a benchmark`);
  return written;
}
