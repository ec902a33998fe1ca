import { readFileSync } from "node:fs";
import type { Choices, Where } from "./choices.ts";
import { chosenParts } from "./parts.ts";

// Node's and the frameworks' packages beside the ones that a project needs in any case.
const frameworks: Readonly<Record<Where, readonly string[]>> = {
  node: [],
  hono: ["@hono/node-server", "hono"],
  express: ["express"],
  fastify: ["fastify"],
  next: ["@roomkit/react", "next", "react", "react-dom"],
};
const types: Readonly<Partial<Record<Where, readonly string[]>>> = {
  express: ["@types/express"],
  next: ["@types/react", "@types/react-dom"],
};
/** For the page of all but Next, which bundles its own. */
const page = ["@roomkit/client", "esbuild"];
/** What speech to speech is put together from. */
const realtime = [
  "@roomkit/backend-ws",
  "@roomkit/channel-realtime",
  "@roomkit/codec-mulaw",
  "@roomkit/pipeline",
  "@roomkit/playground",
  "@roomkit/presets",
  "@roomkit/provider-cascade",
  "@roomkit/turn-heuristic",
];

/** What a call throws away is gone before V8 lets room for it grow to more than the calls' own memory, and is never taken for what stays. */
const start = "node --max-semi-space-size=16 --no-allocation-site-pretenuring dist/server.js";

const scripts = {
  server: {
    dev: 'tsx watch --include "page/*" src/server.ts',
    build: "tsc -p tsconfig.build.json",
    start,
    typecheck: "tsc",
  },
  next: {
    dev: "tsx watch src/server.ts --dev",
    build: "next build && tsc -p tsconfig.build.json",
    start,
    typecheck: "next typegen && tsc",
  },
};

/** The `package.json` of a project. */
export function manifestOf(name: string, choices: Choices): string {
  const { where, how } = choices;
  const parts = [...chosenParts(choices).values()].flatMap(({ packages }) => packages);
  const manifest = {
    name,
    version: "0.0.0",
    private: true,
    type: "module",
    engines: { node: ">=20.19.0" },
    scripts: where === "next" ? scripts.next : scripts.server,
    dependencies: ranges([
      "roomkit",
      ...frameworks[where],
      ...(where === "next" ? [] : page),
      ...(how === "realtime" ? realtime : []),
      ...parts,
    ]),
    devDependencies: ranges(["@types/node", "tsx", "typescript", ...(types[where] ?? [])]),
  };
  return `${JSON.stringify(manifest, null, 2)}\n`;
}

interface OwnManifest {
  readonly version: string;
  readonly devDependencies: Readonly<Record<string, string>>;
}

/** That of this package. Its `devDependencies` are what projects need, in the versions that were tested. */
export function ownManifest(): OwnManifest {
  return JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
}

function ranges(names: readonly string[]): Readonly<Record<string, string>> {
  const { devDependencies } = ownManifest();
  return Object.fromEntries(
    [...new Set(names)].sort().map((name) => {
      const version = devDependencies[name];
      if (version === undefined) throw new Error(`create-roomkit has no version of ${name}.`);
      return [name, /^\d/.test(version) ? `^${version}` : version];
    }),
  );
}
