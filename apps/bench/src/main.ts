import { benches } from "./benches.ts";
import type { Bench, BenchArguments } from "./measure/report.ts";
import { save, table } from "./measure/report.ts";
import { compareFiles } from "./report/compare.ts";
import { report } from "./report/report.ts";
import { parse } from "./report/rows.ts";

const results = new URL("../results/", import.meta.url);
const recorded = new URL("../../../docs/benchmarks.json", import.meta.url);

const names = Object.keys(benches).join(", ");
const help = `npm run bench -- [name] [values and --options, see the README]
npm run bench -- report [--quick] [--rows a,b] [--record]
npm run bench -- compare [OLD.json] [NEW.json]
Without a name, all: ${names}.`;

const [first, ...rest] = process.argv.slice(2);
const named = first !== undefined && !first.startsWith("--") ? first : undefined;
const args = parse(named === undefined ? process.argv.slice(2) : rest);
// What a native library keeps open is no reason to wait.
process.exit(await command());

async function command(): Promise<number> {
  if (first === "--help") {
    console.log(help);
    return 0;
  }
  if (named === "report") return (await report(args, results)) ? 0 : 1;
  if (named === "compare") return compareFiles(args.values, results, recorded) ? 0 : 1;
  const bench = named === undefined ? undefined : benches[named];
  if (named !== undefined && !bench) {
    console.error(`There is no benchmark ${named}. There are: ${names}.`);
    return 2;
  }
  await runAll(bench ? [bench] : Object.values(benches), args);
  return 0;
}

async function runAll(all: readonly Bench[], given: BenchArguments): Promise<void> {
  for (const run of all) {
    const result = await run(given);
    console.log(`\n${table(result)}`);
    if (given.options.save !== "no") console.log(`written to ${(await save(result, results)).pathname}`);
  }
}
