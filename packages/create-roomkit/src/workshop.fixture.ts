import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { promisify } from "node:util";
import { root } from "../../../scripts/lib/run.mjs";
import { freePort } from "../../../tools/free-port.ts";
import { packAll } from "../../../tools/pack.ts";
import { type LocalRegistry, startRegistry } from "../../../tools/registry.ts";

const exec = promisify(execFile);
const START_MS = 180_000;
const STOP_MS = 40_000;

/** A project to be made: its folder, and what it is to be. */
export interface Project {
  readonly name: string;
  readonly flags: string;
}

/** A folder of projects that were made by the packed package, with packed packages from a registry of its own. */
export class Workshop {
  readonly folder: string = mkdtempSync(join(tmpdir(), "roomkit-create-"));
  #registry: LocalRegistry | undefined;
  #busy = 0;
  readonly #waiting: (() => void)[] = [];

  static async open(): Promise<Workshop> {
    const workshop = new Workshop();
    const tarballs = join(workshop.folder, "tarballs");
    mkdirSync(tarballs);
    workshop.#registry = await startRegistry(packAll(tarballs).values());
    rmSync(tarballs, { recursive: true });
    return workshop;
  }

  async close(): Promise<void> {
    await this.#registry?.close();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Runs a program in a folder below; gives what it prints. It sees nothing of this repository. */
  async run(folder: string, program: string, ...args: readonly string[]): Promise<string> {
    const { stdout, stderr } = await exec(program, [...args], {
      cwd: join(this.folder, folder),
      env: this.env,
      timeout: 300_000,
      maxBuffer: 16 << 20,
    }).catch((error) => {
      throw new Error(`${program} ${args.join(" ")} in ${folder}: ${error.stdout}${error.stderr}`);
    });
    return stdout + stderr;
  }

  get env(): NodeJS.ProcessEnv {
    const { NODE_OPTIONS: _options, NODE_ENV: _env, CI: _ci, npm_config_user_agent: _agent, ...env } = process.env;
    const more = {
      NEXT_TELEMETRY_DISABLED: "1",
      // Nothing is kept of what other runs published in the same versions.
      npm_config_cache_dir: join(this.folder, "cache"),
      YARN_CACHE_FOLDER: join(this.folder, "cache/yarn"),
      YARN_GLOBAL_FOLDER: join(this.folder, "cache/yarn-berry"),
      // Yarn waits a day with what was published just now.
      YARN_NPM_MINIMAL_AGE_GATE: "0",
      YARN_ENABLE_TELEMETRY: "0",
    };
    return { ...env, ...this.#registry?.env, ...more, VITEST: undefined };
  }

  /** Makes projects, and installs all of them as one workspace: what they share is installed once. */
  async make(projects: readonly Project[]): Promise<void> {
    mkdirSync(join(this.folder, "all"));
    const settings =
      'packages: ["*"]\nallowBuilds: { "@google/genai": false, esbuild: false, protobufjs: false, sharp: false }\n';
    writeFileSync(join(this.folder, "all/pnpm-workspace.yaml"), settings);
    writeFileSync(join(this.folder, "all/package.json"), '{ "private": true }');
    const [first, ...others] = projects as readonly [Project, ...Project[]];
    // The others by what that has installed.
    await this.run("all", "npm", "create", "--yes", "roomkit@latest", first.name, "--", ...first.flags.split(" "));
    mkdirSync(join(this.folder, "tool"));
    await this.run("tool", "npm", "install", "--prefix", ".", "create-roomkit");
    const bin = join(this.folder, "tool/node_modules/.bin/create-roomkit");
    for (const { name, flags } of others) await this.run("all", bin, name, ...flags.split(" "));
    await this.run("all", join(root, "node_modules/.bin/pnpm"), "install");
  }

  /** As many of them at a time as the machine has cores, or two. */
  async inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.#busy >= 2) await new Promise<void>((done) => this.#waiting.push(done));
    else this.#busy++;
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#busy--;
    }
  }

  /** Starts a project's server, and waits until it takes calls. */
  async start(folder: string, command: readonly string[], more: NodeJS.ProcessEnv = {}): Promise<Server> {
    const port = await freePort();
    const [program = "", ...args] = command;
    const child = spawn(program, args, {
      cwd: join(this.folder, folder),
      env: { ...this.env, PORT: String(port), ...more },
      stdio: ["ignore", "pipe", "pipe"],
      // A group of its own: what `npm run` starts goes with it.
      detached: true,
    });
    const server = new Server(child, `http://127.0.0.1:${port}`);
    await server.listening();
    return server;
  }
}

/** A project's server that runs. */
export class Server {
  readonly url: string;
  output = "";
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;

  constructor(child: ChildProcess, url: string) {
    this.#child = child;
    this.url = url;
    this.#ended = once(child, "close");
    for (const stream of [child.stdout, child.stderr])
      stream?.setEncoding("utf8").on("data", (text: string) => {
        this.output += text;
      });
  }

  async listening(): Promise<void> {
    const deadline = performance.now() + START_MS;
    while (!this.output.includes("Open http")) {
      if (this.#child.exitCode !== null || performance.now() > deadline) {
        this.kill();
        await this.#ended;
        throw new Error(`The server did not start (${this.#child.exitCode}): ${this.output}`);
      }
      await wait(50);
    }
  }

  /** Ends it as a supervisor would; gives its exit code, or the signal it took to end it. */
  async stop(): Promise<number | string | null> {
    process.kill(-(this.#child.pid as number), "SIGTERM");
    const late = setTimeout(() => this.kill(), STOP_MS);
    await this.#ended;
    clearTimeout(late);
    return this.#child.exitCode ?? this.#child.signalCode;
  }

  kill(): void {
    try {
      process.kill(-(this.#child.pid as number), "SIGKILL");
    } catch {
      // It has ended.
    }
  }
}
