import { spawn } from "node:child_process";
import { RoomKitError } from "@roomkit/core";

/** The package manager that started this program. */
export interface Manager {
  readonly name: "npm" | "pnpm" | "yarn" | "bun";
  /** Its version's first number, where it is known. */
  readonly major: number | undefined;
}

const KNOWN = ["npm", "pnpm", "yarn", "bun"] as const;

/** @param userAgent as package managers set it in `npm_config_user_agent`: `pnpm/10.34.9 npm/? node/v20.20.2 linux x64` */
export function managerOf(userAgent: string | undefined): Manager {
  const [, found, major] = /^(\w+)\/(\d+)?/.exec(userAgent ?? "") ?? [];
  const name = KNOWN.find((known) => known === found) ?? "npm";
  return { name, major: found === name && major ? Number(major) : undefined };
}

/** How a script of the project is run. */
export function runCommand({ name }: Manager, script: string): string {
  return name === "npm" || name === "bun" ? `${name} run ${script}` : `${name} ${script}`;
}

/** Files that a package manager needs in a project: settings of it, by name. */
export function settingsFor({ name, major }: Manager): Readonly<Record<string, string>> {
  // From 11 on pnpm refuses packages whose scripts nobody has judged. These work without.
  if (name === "pnpm") return { "pnpm-workspace.yaml": PNPM };
  // Yarn from 2 on keeps packages zipped unless told; local models are read from files.
  if (name === "yarn" && major !== 1) return { ".yarnrc.yml": "nodeLinker: node-modules\n" };
  return {};
}

const PNPM = `# Scripts that packages may run when they are installed: none. These work without.
allowBuilds:
  "@google/genai": false
  esbuild: false
  protobufjs: false
  sharp: false
`;

/** @throws RoomKitError `install_failed` */
export async function install({ name }: Manager, folder: string): Promise<void> {
  const child = spawn(name, ["install"], { cwd: folder, stdio: "inherit", shell: process.platform === "win32" });
  const failure = await new Promise<string | undefined>((resolve) => {
    child.once("error", ({ message }) => resolve(message));
    child.once("close", (code, signal) => resolve(code === 0 ? undefined : `it ended with ${code ?? signal}`));
  });
  if (failure !== undefined)
    throw new RoomKitError("install_failed", `${name} install in ${folder} failed: ${failure}. The project is there`);
}
