import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../../scripts/lib/run.mjs";

/** Everything (`npm run packages:matrix`), and not only what `npm test` has time for. */
export const matrix: boolean = process.env.ROOMKIT_MATRIX === "1";

/** Versions of Node beside the one that runs: their programs, as `npm run packages:matrix` hands them over. */
export const nodes: readonly string[] = [process.execPath, ...(process.env.ROOMKIT_NODES?.split(",") ?? [])].filter(
  Boolean,
);

export const managers = ["npm", "pnpm", "yarn 1", "yarn 4", "yarn 4 with Plug'n'Play"] as const;
export type Manager = (typeof managers)[number];

const module = (path: string): string => join(root, "node_modules", path);

/** A project of somebody who uses the packages, outside of this repository. */
export class Project {
  readonly folder: string;
  readonly #env: NodeJS.ProcessEnv;

  /** @param registry what a package manager must have in its environment to install from the local registry */
  constructor(folder: string, registry: NodeJS.ProcessEnv) {
    this.folder = folder;
    mkdirSync(folder, { recursive: true });
    // Nothing of this repository's tests may reach what is installed: no loader, no condition, no option of a package manager.
    const own = Object.entries(process.env).filter(
      ([name]) => !/^(NODE_OPTIONS|VITEST.*|ROOMKIT_.*|npm_.*|NODE_ENV)$/i.test(name),
    );
    this.#env = { ...Object.fromEntries(own), ...registry, NEXT_TELEMETRY_DISABLED: "1" };
  }

  write(file: string, content: string | object): void {
    mkdirSync(join(this.folder, file, ".."), { recursive: true });
    writeFileSync(join(this.folder, file), typeof content === "string" ? content : JSON.stringify(content));
  }

  /** Installs as the manager does by default, except that it brings no peers where it can be told not to. */
  install(manager: Manager, dependencies: Readonly<Record<string, string>>): void {
    this.write("package.json", { private: true, type: "module", dependencies });
    switch (manager) {
      case "npm":
        return void this.exec("npm", ["install"]);
      case "pnpm":
        return void this.node([module("pnpm/bin/pnpm.cjs"), "install"], { npm_config_auto_install_peers: "false" });
      case "yarn 1":
        return void this.node([
          ...[module("yarn/bin/yarn.js"), "install", "--non-interactive", "--no-lockfile"],
          ...["--cache-folder", join(this.folder, ".yarn-cache")],
        ]);
      default:
        this.write("yarn.lock", "");
        return void this.node([module("@yarnpkg/cli-dist/bin/yarn.js"), "install"], {
          YARN_NODE_LINKER: manager === "yarn 4" ? "node-modules" : "pnp",
          YARN_ENABLE_GLOBAL_CACHE: "false",
          YARN_ENABLE_IMMUTABLE_INSTALLS: "false",
          YARN_ENABLE_SCRIPTS: "false",
          YARN_ENABLE_TELEMETRY: "false",
          // It takes no version that is younger than days; ours are seconds old.
          YARN_NPM_MINIMAL_AGE_GATE: "0",
        });
    }
  }

  /** Runs Node in the project and returns what it prints. @param node the program of another version */
  node(args: readonly string[], env: NodeJS.ProcessEnv = {}, node: string = process.execPath): string {
    return this.exec(node, args, env);
  }

  /** @throws Error with what was printed, when it fails */
  exec(program: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): string {
    try {
      return execFileSync(program, args, {
        cwd: this.folder,
        env: { ...this.#env, ...env },
        encoding: "utf8",
        stdio: ["ignore", "pipe", "pipe"],
        maxBuffer: 64 << 20,
        timeout: 580_000,
      });
    } catch (error) {
      const { stdout = "", stderr = "" } = error as { stdout?: string; stderr?: string };
      throw new Error(`${program} ${args.join(" ")} failed:\n${stdout}\n${stderr}`.slice(0, 8_000), { cause: error });
    }
  }
}

/** A program that loads each of `names` and prints those that fail, or are empty, as JSON. */
export const loading = (names: readonly string[], how: "import" | "require"): string => `(async () => {
  const failed = [];
  for (const name of ${JSON.stringify(names)}) {
    try {
      if (Object.keys(${how === "import" ? "await import(name)" : "require(name)"}).length === 0) failed.push(name + ": empty");
    } catch (error) {
      failed.push(name + ": " + error.code + " " + error.message);
    }
  }
  console.log(JSON.stringify(failed));
})();
`;
