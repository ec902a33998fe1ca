import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { expect, it } from "vitest";

it("is less than 20 KiB gzipped, audio-thread code and protocol included; WebRTC comes on top when it is wanted", async () => {
  const { outputFiles, metafile } = await build({
    entryPoints: [new URL("./index.ts", import.meta.url).pathname],
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
  /** A file with everything it needs from the start. */
  const files = (name: string): string[] => [
    name,
    ...(outputs[name]?.imports ?? [])
      .filter(({ kind }) => kind === "import-statement")
      .flatMap(({ path }) => files(path)),
  ];
  const size = (names: Iterable<string>): number =>
    outputFiles
      .filter(({ path }) => [...names].some((name) => path.endsWith(name)))
      .reduce((sum, { contents }) => sum + gzipSync(contents, { level: 9 }).length, 0);
  const first = new Set(files("out/index.js"));
  expect(size(first)).toBeGreaterThan(5_000);
  expect(size(first)).toBeLessThan(20_480);
  const later = Object.keys(outputs).filter((name) => !first.has(name));
  expect(later.length).toBeGreaterThan(0);
  expect(size(later)).toBeLessThan(5_000);
});
