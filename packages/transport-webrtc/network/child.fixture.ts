import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { root } from "../../../scripts/lib/run.mjs";

/** A program of this folder in a process of its own that answers each line it is given with one line of JSON. */
export class Child {
  readonly #process: ChildProcess;
  readonly #waiting: { resolve: (value: unknown) => void; reject: (error: Error) => void }[] = [];
  readonly #lines: unknown[] = [];
  readonly #ended: Promise<void>;
  #stderr = "";
  #over = false;

  /** `within`: words before the command, such as `ip netns exec NAME`. */
  constructor(program: string, options: object, within: readonly string[] = []) {
    const file = fileURLToPath(new URL(program, import.meta.url));
    const node = [process.execPath, "--expose-gc", "--conditions=@roomkit/source", "--import", "tsx", file];
    const [command = "", ...rest] = [...within, ...node, JSON.stringify(options)];
    this.#process = spawn(command, rest, { cwd: root, stdio: ["pipe", "pipe", "pipe"] });
    this.#process.stderr?.on("data", (data: Buffer) => {
      this.#stderr = (this.#stderr + data.toString()).slice(-4_000);
    });
    this.#process.stdin?.on("error", () => {}); // killed while it is written to
    createInterface({ input: this.#process.stdout as NodeJS.ReadableStream }).on("line", (line) => {
      const value: unknown = JSON.parse(line);
      const next = this.#waiting.shift();
      if (next) next.resolve(value);
      else this.#lines.push(value);
    });
    this.#ended = new Promise((resolve) => {
      this.#process.once("close", () => {
        this.#over = true;
        for (const { reject } of this.#waiting.splice(0)) reject(new Error(`${program} ended: ${this.#stderr}`));
        resolve();
      });
    });
  }

  /** The next line it says. @throws Error when it ends, or says nothing in time. */
  async next<T>(timeoutMs = 20_000): Promise<T> {
    if (this.#lines.length > 0) return this.#lines.shift() as T;
    if (this.#over) throw new Error(`the program is over: ${this.#stderr}`);
    let timer: NodeJS.Timeout | undefined;
    try {
      return (await new Promise<unknown>((resolve, reject) => {
        this.#waiting.push({ resolve, reject });
        timer = setTimeout(() => reject(new Error(`the program said nothing: ${this.#stderr}`)), timeoutMs);
      })) as T;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Says something to it and waits for its answer. */
  async ask<T>(line: string, timeoutMs?: number): Promise<T> {
    const answer = this.next<T>(timeoutMs);
    this.#process.stdin?.write(`${line}\n`);
    return await answer;
  }

  signal(signal: NodeJS.Signals): void {
    this.#process.kill(signal);
  }

  async kill(signal: NodeJS.Signals = "SIGKILL"): Promise<void> {
    if (!this.#over) this.#process.kill(signal);
    await this.#ended;
  }
}

/** The other side: answers each line with what `answer` gives. */
export function answerLines(answer: (line: string) => unknown): void {
  createInterface({ input: process.stdin }).on("line", (line) => {
    Promise.resolve(answer(line)).then(say, (error: unknown) => say({ error: String(error) }));
  });
}

export function say(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}

/** The options a program was given. */
export function givenOptions<T>(): T {
  return JSON.parse(process.argv.at(-1) ?? "{}") as T;
}
