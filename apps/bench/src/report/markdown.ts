import { type Comparison, digits, withRange } from "../measure/report.ts";
import type { MeasuredRow, Report } from "./report-types.ts";

const BEGIN = "<!-- measured: written by `npm run bench -- report --record` -->";
const END = "<!-- end of what is measured -->";

/** Puts the tables where the page has its marks. @throws Error for a page without them */
export function writeInto(page: string, tables: string): string {
  const [before, rest] = page.split(BEGIN);
  const after = rest?.split(END)[1];
  if (before === undefined || after === undefined) throw new Error("the page has no place for the tables");
  return `${before}${BEGIN}\n\n${tables}\n\n${END}${after}`;
}

/** A report as tables. */
export function markdown({ machine, versions, rows }: Report): string {
  const { node: _node, ...libraries } = versions;
  return [
    `${machine.cores} cores (${machine.cpu}), ${machine.memoryGb} GB, ${machine.platform}, Node ${machine.node.slice(1)}; ` +
      `${Object.entries(libraries)
        .map(([name, version]) => `${name} ${version}`)
        .join(", ")}.`,
    ...rows.map(section),
  ].join("\n\n");
}

function section({ title, command, at, commit, load, seconds, result, error }: MeasuredRow): string {
  const head = `### ${title}\n\n\`npm run bench -- ${command}\`, ${at.slice(0, 10)}, commit ${commit}, ${seconds} s, load of the machine before it: ${load}.`;
  if (!result) return `${head} No result: ${error}`;
  return [
    `${head} Reference: ${result.reference}.`,
    figures(result.comparisons),
    ...notes(result.comparisons),
    ...(result.tables
      ?.filter(({ rows }) => rows.length <= 12)
      .map(({ title: name, head: cells, rows }) =>
        [
          `${name}:`,
          table(
            cells,
            rows.map((row) => row.map(String)),
          ),
        ].join("\n\n"),
      ) ?? []),
  ].join("\n\n");
}

function figures(comparisons: readonly Comparison[]): string {
  const cells = comparisons.flatMap(({ label, figures: all }) =>
    all.map(({ name, ours, reference, ratio, range }) => [
      label,
      name,
      withRange(ours, range?.ours),
      withRange(reference, range?.reference),
      digits(ratio),
    ]),
  );
  return table(["what", "figure", "ours", "reference", "ratio"], cells);
}

const notes = (comparisons: readonly Comparison[]): string[] => {
  const all = comparisons.flatMap(({ label, note }) => (note === undefined ? [] : [`- ${label}: ${note}`]));
  return all.length === 0 ? [] : [all.join("\n")];
};

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => "---"), ...rows].map((row) => `| ${row.join(" | ")} |`).join("\n");
