import { defaultClientConditions, defineConfig, type Plugin } from "vite";
// By its path: a configuration is loaded by Node, which would want the package compiled first.
import { workletSource } from "../../packages/client/src/generated/worklets.ts";

const server = `http://localhost:${process.env.PORT ?? 8000}`;

const workletFile = "worklets.js";

/** The SDK's audio-thread code as a file, so that the built page runs under a policy that forbids `blob:` scripts. */
function worklets(): Plugin {
  return {
    name: "roomkit-worklets",
    apply: "build",
    generateBundle() {
      this.emitFile({ type: "asset", fileName: workletFile, source: workletSource });
    },
  };
}

export default defineConfig(({ command }) => ({
  // Relative, so that the page works wherever it is mounted.
  base: "./",
  resolve: { conditions: ["@roomkit/source", ...defaultClientConditions] },
  define: { "import.meta.env.WORKLET_FILE": JSON.stringify(command === "build" ? workletFile : "") },
  build: {
    // Not dist: that is where tsc writes, and what a bundle task writes is restored from a cache as a whole.
    outDir: "bundle",
    target: "es2022",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      onLog(level, log, handle) {
        // "use client" of @roomkit/react: this page has no server components.
        if (log.code !== "MODULE_LEVEL_DIRECTIVE") handle(level, log);
      },
    },
  },
  plugins: [worklets()],
  // In development Vite serves the page and hands everything that belongs to the demo server on to it.
  server: { proxy: { "/voice": { target: server, ws: true }, "/rtc-realtime": server, "/api": server } },
}));
