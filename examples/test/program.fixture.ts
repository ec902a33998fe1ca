import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect } from "vitest";
import { until } from "../../apps/demo-server/test/speech.fixture.ts";
import { freePort } from "../../tools/free-port.ts";

const examples = fileURLToPath(new URL("..", import.meta.url));
/** Programs run on the packages as they are published, where those have been compiled, and else from source. */
const compiled = existsSync(new URL("../../packages/roomkit/dist/index.js", import.meta.url));
const source = ["--conditions=@roomkit/source", "--import", new URL("../../tools/source.mjs", import.meta.url).href];
/** Newer Node runs TypeScript as it is. */
const loader = compiled ? ("typescript" in process.features ? [] : ["--import", import.meta.resolve("tsx")]) : source;
/** Models are loaded before a program says that it is ready. */
const START_MS = 90_000;

export interface Program {
  /** `http://localhost:PORT` */
  readonly url: string;
  /** What it has printed so far. */
  output(): string;
  /** Waits until it has printed that. */
  prints(what: RegExp | string, ms?: number): Promise<void>;
  /** Asks it to end, as a process manager does, and waits; gives its exit code. */
  stop(): Promise<number | null>;
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** What it prints when it is ready. */
  readonly ready?: RegExp;
}

/** Starts a program of `examples/` as a reader does, in a process of its own. */
export async function start(
  file: string,
  { env = {}, ready = /^(Open|Webhook) /m }: RunOptions = {},
): Promise<Program> {
  const port = await freePort();
  const child: ChildProcess = spawn(process.execPath, [...loader, file], {
    cwd: examples,
    // Not that this is a test: readers' shells do not say so.
    env: { ...process.env, NODE_ENV: undefined, VITEST: undefined, PORT: String(port), ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
  // A test that ran out of time does not come to stop it.
  const abandon = (): void => void child.kill("SIGKILL");
  process.once("exit", abandon);
  const ended = once(child, "exit").then(([code]) => {
    process.off("exit", abandon);
    return code as number | null;
  });
  const over = (): boolean => child.exitCode !== null || child.signalCode !== null;
  const prints = async (what: RegExp | string, ms?: number): Promise<void> => {
    const there = (): boolean => (typeof what === "string" ? output.includes(what) : what.test(output));
    await until(`${what} of ${file}`, () => there() || over(), ms).catch(() => {});
    if (!there()) throw new Error(`${file} did not print ${what} but:\n${output}`);
  };
  const stop = async (): Promise<number | null> => {
    if (over()) return await ended;
    const timer = setTimeout(() => child.kill("SIGKILL"), 30_000);
    child.kill("SIGTERM");
    const code = await ended;
    clearTimeout(timer);
    return code;
  };
  try {
    await prints(ready, START_MS);
  } catch (error) {
    child.kill("SIGKILL");
    throw error;
  }
  return { url: `http://localhost:${port}`, output: () => output, prints, stop };
}

/** So many programs of a file at once: calls take place in real time, and wait more than they compute. */
const AT_ONCE = 3;
let running = 0;
const waiting: (() => void)[] = [];

/** Runs a program for as long as `visit` takes; then it is to end by itself on SIGTERM, without a word of complaint. */
export async function run(
  file: string,
  visit: (program: Program) => Promise<void>,
  options?: RunOptions,
): Promise<void> {
  if (running >= AT_ONCE) await new Promise<void>((resolve) => waiting.push(resolve));
  else running++;
  try {
    await runNow(file, visit, options);
  } finally {
    const next = waiting.shift();
    if (next) next();
    else running--;
  }
}

async function runNow(file: string, visit: (program: Program) => Promise<void>, options?: RunOptions): Promise<void> {
  const program = await start(file, options);
  try {
    await visit(program);
  } catch (error) {
    await program.stop();
    throw Object.assign(error as Error, {
      message: `${(error as Error).message}\n${file} printed:\n${program.output()}`,
    });
  }
  expect({ code: await program.stop(), output: program.output() }).toMatchObject({ code: 0 });
  expect(program.output()).not.toMatch(/(warn|error|exception|rejection)\b/i);
}
