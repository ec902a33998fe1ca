import { defaultClientConditions, defineConfig } from "vite";

export default defineConfig({
  // Relative, so that the page works wherever it is mounted.
  base: "./",
  resolve: { conditions: ["@roomkit/source", ...defaultClientConditions] },
  build: {
    // Not dist: that is where tsc writes, and what a bundle task writes is restored from a cache as a whole.
    outDir: "bundle",
    target: "es2022",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
});
