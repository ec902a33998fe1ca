import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { expect, it } from "vitest";

it("is less than 6 kB gzipped, beside React and the client", async () => {
  const { outputFiles } = await build({
    entryPoints: [new URL("./index.ts", import.meta.url).pathname],
    bundle: true,
    minify: true,
    write: false,
    format: "esm",
    target: "es2022",
    jsx: "automatic",
    external: ["react", "react/jsx-runtime", "@roomkit/client"],
    conditions: ["@roomkit/source"],
  });
  const size = gzipSync(outputFiles[0]?.contents as Uint8Array, { level: 9 }).length;
  expect(size).toBeGreaterThan(2_000);
  expect(size).toBeLessThan(6_000);
});
