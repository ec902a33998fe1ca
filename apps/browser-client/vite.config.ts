import { defaultClientConditions, defineConfig } from "vite";

const server = `http://localhost:${process.env.PORT ?? 8000}`;

export default defineConfig({
  resolve: { conditions: ["@roomkit/source", ...defaultClientConditions] },
  // In development Vite serves the page and hands everything that belongs to the demo server on to it.
  server: { proxy: { "/voice": { target: server, ws: true }, "/api": server } },
});
