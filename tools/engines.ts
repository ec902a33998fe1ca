// PostgreSQL and Redis of Debian's packages, for tests: each in a folder of its own, on a free port, ended with the test.
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { chownSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort } from "./free-port.ts";

export interface Engine {
  readonly url: string;
  readonly port: number;
  /** Begins again with what is on its disk, on the same port. */
  start(): Promise<void>;
  /** As a crash ends it; resolves when it is gone. */
  kill(): Promise<void>;
  /** Stops answering, as a machine that swaps or a network that is cut, until {@link resume}. */
  pause(): void;
  resume(): void;
  /** Ends it and deletes what is its own. */
  stop(): Promise<void>;
}

/** Where PostgreSQL's programs are; undefined: not on this machine. */
export const postgresPrograms: string | undefined = newestPostgres();
/** Redis' program; undefined: not on this machine. */
export const redisProgram: string | undefined = ["/usr/bin/redis-server", "/usr/local/bin/redis-server"].find((each) =>
  existsSync(each),
);

function newestPostgres(): string | undefined {
  const root = "/usr/lib/postgresql";
  const versions = existsSync(root) ? readdirSync(root).sort((a, b) => Number(b) - Number(a)) : [];
  return versions.map((version) => join(root, version, "bin")).find((bin) => existsSync(join(bin, "initdb")));
}

/** Root may not run PostgreSQL: its package brings a user along. */
function postgresUser(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const id = (flag: string): number => Number(execFileSync("id", [flag, "postgres"], { encoding: "utf8" }));
  return { uid: id("-u"), gid: id("-g") };
}

export async function startPostgres(): Promise<Engine> {
  const bin = postgresPrograms as string;
  const user = postgresUser();
  const folder = mkdtempSync(join(tmpdir(), "roomkit-postgres-"));
  if (user) chownSync(folder, user.uid, user.gid);
  const data = join(folder, "data");
  execFileSync(join(bin, "initdb"), ["-D", data, "-U", "roomkit", "-A", "trust", "-E", "UTF8", "--no-sync"], {
    ...user,
    cwd: folder,
    stdio: "ignore",
  });
  const port = await freePort();
  const url = `postgres://roomkit@127.0.0.1:${port}/postgres`;
  const settings = ["listen_addresses=127.0.0.1", "max_connections=60", "shared_buffers=32MB", "fsync=off"];
  const run = (): ChildProcess =>
    spawn(
      join(bin, "postgres"),
      ["-D", data, "-p", `${port}`, "-k", folder, ...settings.flatMap((setting) => ["-c", setting])],
      { ...user, cwd: folder, stdio: "ignore" },
    );
  const ready = (): boolean => works(join(bin, "pg_isready"), ["-h", "127.0.0.1", "-p", `${port}`, "-q"]);
  return await engine({ url, port, folder, run, ready, end: "SIGINT" });
}

export async function startRedis(): Promise<Engine> {
  const program = redisProgram as string;
  const folder = mkdtempSync(join(tmpdir(), "roomkit-redis-"));
  const port = await freePort();
  const settings = { port, bind: "127.0.0.1", dir: folder, save: "", appendonly: "no" };
  const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, `${value}`]);
  const run = (): ChildProcess => spawn(program, args, { stdio: "ignore" });
  const ready = (): boolean => works("redis-cli", ["-p", `${port}`, "ping"], "PONG");
  return await engine({ url: `redis://127.0.0.1:${port}`, port, folder, run, ready, end: "SIGTERM" });
}

async function engine(of: {
  readonly url: string;
  readonly port: number;
  readonly folder: string;
  readonly run: () => ChildProcess;
  readonly ready: () => boolean;
  readonly end: NodeJS.Signals;
}): Promise<Engine> {
  let child: ChildProcess;
  const running = (): boolean => child.exitCode === null && child.signalCode === null;
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (!running()) return;
    const gone = once(child, "exit");
    if (signal === "SIGKILL") signalAll(child, signal);
    else child.kill(signal);
    await gone;
  };
  const start = async (): Promise<void> => {
    child = of.run();
    for (const until = Date.now() + 60_000; !of.ready(); await sleep(50)) {
      if (!running() || Date.now() > until) throw new Error(`the engine on port ${of.port} did not begin`);
    }
  };
  const stop = async (): Promise<void> => {
    await end(of.end);
    rmSync(of.folder, { recursive: true, force: true });
  };
  // A test run that is cut short leaves no server behind.
  process.once("exit", () => child?.kill("SIGKILL"));
  try {
    await start();
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    url: of.url,
    port: of.port,
    start,
    kill: () => end("SIGKILL"),
    pause: () => signalAll(child, "SIGSTOP"),
    resume: () => signalAll(child, "SIGCONT"),
    stop,
  };
}

/** Signals a process and those it began: each connection of PostgreSQL has one, in a group of its own. */
function signalAll({ pid = 0 }: ChildProcess, signal: NodeJS.Signals): void {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8")
    .trim()
    .split(" ")
    .filter(Boolean)
    .map(Number);
  for (const each of [pid, ...children]) process.kill(each, signal);
}

function works(program: string, args: readonly string[], says = ""): boolean {
  try {
    return execFileSync(program, args, {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
      timeout: 5_000,
    }).includes(says);
  } catch {
    return false;
  }
}
