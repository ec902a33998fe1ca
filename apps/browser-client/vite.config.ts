import { defaultClientConditions, defineConfig } from "vite";

const server = `http://localhost:${process.env.PORT ?? 8000}`;

export default defineConfig({
  resolve: { conditions: ["@roomkit/source", ...defaultClientConditions] },
  // Not dist: that is where tsc writes, and what a bundle task writes is restored from a cache as a whole.
  build: { outDir: "bundle" },
  // In development Vite serves the page and hands everything that belongs to the demo server on to it.
  server: { proxy: { "/voice": { target: server, ws: true }, "/api": server } },
});
