import { mkdir, writeFile } from "node:fs/promises";
import { availableParallelism, cpus, loadavg } from "node:os";

/** One figure of ours beside the same figure of the reference, measured in the same run. */
interface Figure {
  /** What it is, with its unit: `CPU per session, ms/s`. */
  readonly name: string;
  readonly ours: number;
  readonly reference: number;
  /** `ours / reference`. */
  readonly ratio: number;
}

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
}

/** What every benchmark takes: its positional arguments and its `--name value` options. */
export interface BenchArguments {
  readonly values: readonly string[];
  readonly options: Readonly<Record<string, string>>;
}

export type Bench = (args: BenchArguments) => Promise<BenchResult>;

/** Puts the figures of both side by side; those the reference has not are left out. */
export function compare(
  label: string,
  ours: Readonly<Record<string, number>>,
  reference: Readonly<Record<string, number>>,
  note?: string,
): Comparison {
  const figures = Object.entries(ours).flatMap(([name, value]) => {
    const other = reference[name];
    return other === undefined ? [] : [{ name, ours: value, reference: other, ratio: value / other }];
  });
  return { label, figures, note };
}

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
    figures.map(({ name, ours, reference: theirs, ratio }, i) => [
      i === 0 ? label : "",
      name,
      digits(ours),
      digits(theirs),
      digits(ratio),
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

/** Three significant digits, without an exponent. */
function digits(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  const whole = Math.abs(value) >= 100 ? Math.round(value) : Number(value.toPrecision(3));
  return String(whole);
}

/** Writes the result and what the machine was doing as JSON into `folder`; gives the file's name. */
export async function save(result: BenchResult, folder: URL): Promise<URL> {
  await mkdir(folder, { recursive: true });
  const now = new Date();
  const file = new URL(`${result.bench}-${now.toISOString().replace(/[:.]/g, "-")}.json`, folder);
  const machine = {
    node: process.version,
    platform: `${process.platform}-${process.arch}`,
    cpu: cpus()[0]?.model,
    cores: availableParallelism(),
    load: loadavg(),
  };
  await writeFile(file, `${JSON.stringify({ at: now.toISOString(), machine, ...result }, null, 2)}\n`);
  return file;
}
