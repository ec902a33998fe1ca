import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { loadavg } from "node:os";
import { fileURLToPath } from "node:url";
import { benches } from "../benches.ts";
import { machine } from "../measure/machine.ts";
import { type BenchArguments, table } from "../measure/report.ts";
import { html } from "./html.ts";
import { markdown, writeInto } from "./markdown.ts";
import type { MeasuredRow, Report } from "./report-types.ts";
import { inOrder, parse, type Row, rowsNamed, words } from "./rows.ts";

const recorded = new URL("../../../../docs/benchmarks.json", import.meta.url);
const page = new URL("../../../../docs/benchmarks.md", import.meta.url);

/**
 * `report [--quick] [--rows ws,memory] [--record]`: every row one after the other, as JSON and as a page in `results/`, with `--record` also in
 * `docs/`. @returns whether all rows have a result
 */
export async function report(args: BenchArguments, results: URL): Promise<boolean> {
  const quick = args.options.quick !== undefined;
  const began = new Date();
  const on = machine();
  const measured: MeasuredRow[] = [];
  for (const row of rowsNamed(args.options.rows)) {
    console.log(`\n## ${row.title}\n`);
    measured.push(await measure(row, quick));
  }
  const whole: Report = { at: began.toISOString(), quick, machine: on, versions: versions(), rows: measured };
  await mkdir(results, { recursive: true });
  const json = `${JSON.stringify(whole, null, 2)}\n`;
  for (const [ending, text] of [
    ["json", json],
    ["html", html(whole)],
  ] as const) {
    const file = new URL(`report-${whole.at.replace(/[:.]/g, "-")}.${ending}`, results);
    await writeFile(file, text);
    console.log(`written to ${file.pathname}`);
  }
  if (args.options.record !== undefined) await record(whole);
  return measured.every(({ error }) => error === undefined);
}

/** Puts the rows of a report into the recorded one: `docs/benchmarks.json`, and the tables of `docs/benchmarks.md`. */
async function record(measured: Report): Promise<void> {
  const whole = { ...measured, rows: inOrder(measured.rows, rowsBefore()) };
  await writeFile(recorded, `${JSON.stringify(whole, null, 2)}\n`);
  await writeFile(page, writeInto(readFileSync(page, "utf8"), markdown(whole)));
  const format = fileURLToPath(new URL("../../../../node_modules/.bin/biome", import.meta.url));
  execFileSync(format, ["format", "--write", fileURLToPath(recorded), fileURLToPath(page)], { stdio: "inherit" });
}

function rowsBefore(): readonly MeasuredRow[] {
  return existsSync(recorded) ? (JSON.parse(readFileSync(recorded, "utf8")) as Report).rows : [];
}

async function measure({ name, title, bench, full, quick: short }: Row, quick: boolean): Promise<MeasuredRow> {
  const line = quick ? short : full;
  const [load, from] = [Math.round((loadavg()[0] ?? 0) * 10) / 10, performance.now()];
  const command = [bench, line].filter(Boolean).join(" ");
  const about = { row: name, title, command, at: new Date().toISOString(), commit: commit(), load };
  const seconds = (): number => Math.round((performance.now() - from) / 1000);
  try {
    const result = await (benches[bench] as NonNullable<(typeof benches)[string]>)(parse(words(line)));
    console.log(table(result));
    return { ...about, seconds: seconds(), result };
  } catch (thrown) {
    const error = thrown instanceof Error ? thrown.message : String(thrown);
    console.error(`${name}: ${error}`);
    return { ...about, seconds: seconds(), error };
  }
}

function versions(): Record<string, string> {
  const require = createRequire(import.meta.url);
  const version = (name: string): [string, string][] => {
    try {
      const path = require.resolve(name).replace(/(.*node_modules\/(?:@[^/]+\/)?[^/]+)\/.*/s, "$1/package.json");
      return [[name, JSON.parse(readFileSync(path, "utf8")).version as string]];
    } catch {
      return [];
    }
  };
  return {
    node: process.version,
    v8: process.versions.v8,
    ...Object.fromEntries(["ws", "werift", "node-datachannel", "onnxruntime-node"].flatMap(version)),
  };
}

/** Of the sources; `unknown` outside of a repository. */
function commit(): string {
  try {
    const git = (...args: string[]): string => execFileSync("git", args, { encoding: "utf8", stdio: "pipe" }).trim();
    return `${git("rev-parse", "--short", "HEAD")}${git("status", "--porcelain") === "" ? "" : ", changed"}`;
  } catch {
    return "unknown";
  }
}
