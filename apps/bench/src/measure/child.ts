import { type ChildProcess, fork } from "node:child_process";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

/**
 * A module of this app in a process of its own, so that what it costs is not counted; it answers each message with one ({@link
 * serve}), or with an error.
 */
export class Child<In, Out> {
  readonly #process: ChildProcess;
  readonly #answers: ((answer: Out | Error) => void)[] = [];
  #over: Error | undefined;

  /**
   * @param name the module beside `from` (`import.meta.url`), without its extension
   * @param flags of Node
   */
  constructor(from: string, name: string, flags: readonly string[] = []) {
    const source = from.endsWith(".ts");
    const entry = new URL(`./${name}${source ? ".ts" : ".js"}`, from);
    const tsx = source ? ["--import", pathToFileURL(createRequire(import.meta.url).resolve("tsx")).href] : [];
    this.#process = fork(entry, [], {
      execArgv: [...flags, ...(source ? [...tsx, "--conditions=@roomkit/source"] : [])],
      serialization: "advanced",
      stdio: ["ignore", "inherit", "inherit", "ipc"],
    });
    this.#process.on("message", (message) => this.#answers.shift()?.(message as Out));
    this.#process.once("exit", (code) => {
      this.#over = new Error(`${name} ended with code ${code}`);
      for (const answer of this.#answers.splice(0)) answer(this.#over);
    });
  }

  get pid(): number {
    return this.#process.pid as number;
  }

  /** Sends a message and waits for its answer, `timeoutMs` at most. */
  ask(message: In, timeoutMs: number): Promise<Out> {
    return new Promise<Out>((resolve, reject) => {
      if (this.#over) return reject(this.#over);
      const timer = setTimeout(() => answer(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
      const answer = (given: Out | Error): void => {
        clearTimeout(timer);
        if (given instanceof Error) reject(given);
        else resolve(given);
      };
      this.#answers.push(answer);
      this.#process.send(message as object);
    });
  }

  async close(): Promise<void> {
    if (this.#over) return;
    const gone = new Promise((resolve) => this.#process.once("exit", resolve));
    this.#process.kill("SIGKILL");
    await gone;
  }
}

/** The other side: answers each message of the parent with what `handle` gives for it, one at a time. */
export function serve<In, Out>(handle: (message: In) => Promise<Out>): void {
  let last: Promise<unknown> = Promise.resolve();
  process.on("message", (message) => {
    last = last.then(async () => {
      let answer: Out | Error;
      try {
        answer = await handle(message as In);
      } catch (error) {
        answer = error instanceof Error ? error : new Error(String(error));
      }
      process.send?.(answer);
    });
  });
  process.on("disconnect", () => process.exit(0));
}
