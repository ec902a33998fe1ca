import { mkdir, writeFile } from "node:fs/promises";
import { machine } from "./machine.ts";
import { percentile } from "./statistics.ts";

/** One figure of ours beside the same figure of the reference, measured in the same run. */
export interface Figure {
  /** What it is, with its unit: `CPU per session, ms/s`. */
  readonly name: string;
  readonly ours: number;
  readonly reference: number;
  /** `ours / reference`; of several runs the median of theirs, as with the other two. */
  readonly ratio: number;
  /** Of several runs: the least and the most. */
  readonly range?: { readonly ours: Range; readonly reference: Range; readonly ratio: Range } | undefined;
  /** More is better; otherwise less is. */
  readonly more?: true | undefined;
  /** The reference says how the figure grows, or is only a limit: from one day to the next it is the figure itself that counts. */
  readonly absolute?: true | undefined;
}

export type Range = readonly [least: number, most: number];

export interface Comparison {
  /** What was measured: `50 sessions`. */
  readonly label: string;
  readonly figures: readonly Figure[];
  /** What happened that is no figure beside another. */
  readonly note?: string | undefined;
}

/** Figures that stand for themselves, such as how good a result is; printed as a README has them. */
export interface Table {
  readonly title: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly (string | number)[])[];
}

export interface BenchResult {
  readonly bench: string;
  /** What the ratios are against. */
  readonly reference: string;
  readonly comparisons: readonly Comparison[];
  readonly tables?: readonly Table[] | undefined;
  /** What a picture says better than a table. */
  readonly plots?: readonly Plot[] | undefined;
}

/** Lines over a common axis. */
export interface Plot {
  readonly title: string;
  readonly x: string;
  readonly y: string;
  readonly lines: readonly { readonly name: string; readonly points: readonly (readonly [x: number, y: number])[] }[];
}

/** What every benchmark takes: its positional arguments and its `--name value` options. */
export interface BenchArguments {
  readonly values: readonly string[];
  readonly options: Readonly<Record<string, string>>;
}

export type Bench = (args: BenchArguments) => Promise<BenchResult>;

/** What is true of some figures of a comparison. */
export interface Kinds {
  /** Names of figures of which more is better. */
  readonly more?: readonly string[] | undefined;
  /** @see Figure.absolute */
  readonly absolute?: true | undefined;
}

/** Puts the figures of both side by side; those the reference has not are left out. */
export function compare(
  label: string,
  ours: Readonly<Record<string, number>>,
  reference: Readonly<Record<string, number>>,
  note?: string,
  kinds?: Kinds,
): Comparison {
  return compareRuns(label, [ours], [reference], note, kinds);
}

/** The same of several runs, of which each has its own reference: medians, and from where to where they went. */
export function compareRuns(
  label: string,
  ours: readonly Readonly<Record<string, number>>[],
  references: readonly Readonly<Record<string, number>>[],
  note?: string,
  { more = [], absolute }: Kinds = {},
): Comparison {
  const figures = Object.keys(ours[0] ?? {}).flatMap((name): Figure[] => {
    if (references[0]?.[name] === undefined) return [];
    const [own, theirs] = [ours, references].map((runs) => runs.map((run) => run[name] as number)) as [
      number[],
      number[],
    ];
    const ratios = own.map((value, i) => value / (theirs[i] as number));
    return [
      {
        ...{ name, ours: percentile(own, 0.5), reference: percentile(theirs, 0.5), ratio: percentile(ratios, 0.5) },
        ...(own.length > 1 && { range: { ours: rangeOf(own), reference: rangeOf(theirs), ratio: rangeOf(ratios) } }),
        ...(more.includes(name) && { more: true }),
        ...(absolute && { absolute }),
      },
    ];
  });
  return { label, figures, note };
}

const rangeOf = (values: readonly number[]): Range => [Math.min(...values), Math.max(...values)];

/** The number after `--name`, or `fallback`. @throws Error for something that is no number, or out of range. */
export function numberOption(
  { options }: BenchArguments,
  name: string,
  fallback: number,
  range: readonly [least: number, most: number],
): number {
  const value = Number(options[name] ?? fallback);
  const [least, most] = range;
  if (value >= least && value <= most) return value;
  throw new Error(`--${name} must be ${least} to ${most}, not ${options[name]}`);
}

/** The positional arguments as whole numbers, or `fallback`. @throws Error for anything else. */
export function counts({ values }: BenchArguments, fallback: readonly number[], most: number): number[] {
  return (values.length === 0 ? [...fallback] : values.map(Number)).map((count, i) => {
    if (Number.isInteger(count) && count >= 1 && count <= most) return count;
    throw new Error(`expected whole numbers from 1 to ${most}, not ${values[i]}`);
  });
}

export function table({ bench, reference, comparisons, tables = [] }: BenchResult): string {
  const rows = comparisons.flatMap(({ label, figures }) =>
    figures.map(({ name, ours, reference: theirs, ratio, range }, i) => [
      i === 0 ? label : "",
      name,
      withRange(ours, range?.ours),
      withRange(theirs, range?.reference),
      withRange(ratio, range?.ratio),
    ]),
  );
  const all = [[bench, "figure", "ours", "reference", "ratio"], ...rows];
  const widths = all[0]?.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0))) ?? [];
  const lines = all.map((row) =>
    row.map((cell, i) => (i < 2 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join("  "),
  );
  const notes = comparisons.flatMap(({ label, note }) => (note === undefined ? [] : [`${label}: ${note}`]));
  const more = tables.map(({ title, head, rows: cells }) =>
    ["", title, "", ...[head, head.map(() => "---"), ...cells].map((row) => `| ${row.join(" | ")} |`)].join("\n"),
  );
  return [...lines, ...notes, `reference: ${reference}`, ...more].join("\n");
}

/** `64 (60-71)`: the median, and from where to where the runs went. */
export function withRange(value: number, range: Range | undefined): string {
  return range ? `${digits(value)} (${digits(range[0])}-${digits(range[1])})` : digits(value);
}

/** Three significant digits, without an exponent. */
export function digits(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  const whole = Math.abs(value) >= 100 ? Math.round(value) : Number(value.toPrecision(3));
  return String(whole);
}

/** Writes the result and what the machine was doing as JSON into `folder`; gives the file's name. */
export async function save(result: BenchResult, folder: URL): Promise<URL> {
  await mkdir(folder, { recursive: true });
  const now = new Date();
  const file = new URL(`${result.bench}-${now.toISOString().replace(/[:.]/g, "-")}.json`, folder);
  const written = { at: now.toISOString(), machine: machine(), ...result };
  await writeFile(file, `${JSON.stringify(written, null, 2)}\n`);
  return file;
}
