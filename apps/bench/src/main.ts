import { benches } from "./benches.ts";
import { type BenchArguments, save, table } from "./measure/report.ts";

const results = new URL("../results/", import.meta.url);

const [first, ...rest] = process.argv.slice(2);
if (first === "--help") {
  console.log(
    `npm run bench -- [name] [values and --options, see the README]\nWithout a name, all: ${Object.keys(benches).join(", ")}.`,
  );
  process.exit(0);
}
const named = first !== undefined && !first.startsWith("--") ? first : undefined;
const bench = named === undefined ? undefined : benches[named];
if (named !== undefined && !bench) {
  console.error(`There is no benchmark ${named}. There are: ${Object.keys(benches).join(", ")}.`);
  process.exit(2);
}
const args = parse(named === undefined ? process.argv.slice(2) : rest);
for (const run of bench ? [bench] : Object.values(benches)) {
  const result = await run(args);
  console.log(`\n${table(result)}`);
  if (args.options.save !== "no") console.log(`written to ${(await save(result, results)).pathname}`);
}
// What a native library keeps open is no reason to wait.
process.exit(0);

/** `50 --seconds 3`: values, and options with theirs. */
function parse(words: readonly string[]): BenchArguments {
  const values: string[] = [];
  const options: Record<string, string> = {};
  for (let i = 0; i < words.length; i++) {
    const word = words[i] as string;
    if (word.startsWith("--")) options[word.slice(2)] = words[++i] ?? "";
    else values.push(word);
  }
  return { values, options };
}
