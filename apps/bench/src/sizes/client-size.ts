import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { type Bench, compare } from "../measure/report.ts";

/** What the page's part may weigh, bytes gzipped: at first, and when WebRTC is wanted. */
const LIMITS = { first: 20_480, later: 5_000 };
const SIZE = "bytes, gzipped";

/** What a page loads of the client: `client-size`. The reference is the limit that the client's own test holds it to. */
export const clientSize: Bench = async () => {
  const { outputFiles, metafile } = await build({
    entryPoints: [fileURLToPath(new URL("../../../../packages/client/src/index.ts", import.meta.url))],
    bundle: true,
    minify: true,
    write: false,
    splitting: true,
    outdir: "out",
    metafile: true,
    format: "esm",
    target: "es2022",
    conditions: ["@roomkit/source"],
  });
  const { outputs } = metafile;
  const needed = (name: string): string[] => [
    name,
    ...(outputs[name]?.imports ?? [])
      .filter(({ kind }) => kind === "import-statement")
      .flatMap(({ path }) => needed(path)),
  ];
  const size = (names: Iterable<string>): number =>
    outputFiles
      .filter(({ path }) => [...names].some((name) => path.endsWith(name)))
      .reduce((sum, { contents }) => sum + gzipSync(contents, { level: 9 }).length, 0);
  const first = new Set(needed("out/index.js"));
  const later = Object.keys(outputs).filter((name) => !first.has(name));
  const absolute = { absolute: true } as const;
  return {
    bench: "client-size",
    reference: "the limit",
    comparisons: [
      compare(
        "the client, with what runs on the audio thread",
        { [SIZE]: size(first) },
        { [SIZE]: LIMITS.first },
        undefined,
        absolute,
      ),
      compare("WebRTC, when it is wanted", { [SIZE]: size(later) }, { [SIZE]: LIMITS.later }, undefined, absolute),
    ],
  };
};
