import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

export interface Demo {
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
  readonly port: number;
  /** Everything the server has printed. */
  readonly output: () => string;
  /** Resident memory of the server in MB. */
  stop(): Promise<number | null>;
}

const entry = fileURLToPath(new URL("../dist/main.js", import.meta.url));
/** Models are loaded before the server listens. */
const START_MS = 60_000;

/** Starts the compiled demo server as a process of its own, on a free port, and waits until it listens. */
export async function startDemo(env: Readonly<Record<string, string>> = {}): Promise<Demo> {
  const child = spawn(process.execPath, [entry], {
    env: { ...process.env, PORT: "0", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    output += text;
  });
  const port = await listening(child, () => output);
  return { url: `http://127.0.0.1:${port}`, port, output: () => output, stop: () => stop(child) };
}

function listening(child: ChildProcess, output: () => string): Promise<number> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      child.kill("SIGKILL");
      reject(new Error(`the demo did not start:\n${output()}`));
    }, START_MS);
    const look = (): void => {
      const port = /http:\/\/localhost:(\d+)/.exec(output())?.[1];
      if (port === undefined) return;
      clearTimeout(timer);
      resolve(Number(port));
    };
    child.stdout?.on("data", look);
    child.once("exit", (code) => {
      clearTimeout(timer);
      reject(new Error(`the demo ended with ${code}:\n${output()}`));
    });
  });
}

function stop(child: ChildProcess): Promise<number | null> {
  if (child.exitCode !== null) return Promise.resolve(child.exitCode);
  return new Promise((resolve) => {
    const timer = setTimeout(() => child.kill("SIGKILL"), 10_000);
    child.once("exit", (code) => {
      clearTimeout(timer);
      resolve(code);
    });
    child.kill("SIGTERM");
  });
}
