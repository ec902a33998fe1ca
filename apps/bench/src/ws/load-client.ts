import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Child } from "../measure/child.ts";
import { pin } from "../measure/pin.ts";
import { sourceFile } from "../measure/source-file.ts";
import { merged } from "./bins.ts";
import type { Listened, LoadRequest, Stormed } from "./messages.ts";

const ANSWER_MS = 60_000;
/** More of them are of no use: a server has one core. */
const MOST_PROCESSES = 3;

/** Callers in processes of their own. */
export interface LoadClient {
  readonly name: string;
  /** Lets so many callers in, who speak from then on. @throws Error when one is not let in */
  connect(url: string, calls: number): Promise<void>;
  measure(ms: number): Promise<Listened>;
  /** So many short calls, `atOnce` at a time; without `talk` handshakes alone. */
  storm(url: string, calls: number, atOnce: number, talk: boolean): Promise<Stormed>;
  /** Ends all calls. */
  hangUp(): Promise<void>;
  close(): Promise<void>;
}

/** @param kind `c` is compiled for the occasion; `auto` takes it where that can be done, and raw sockets of Node elsewhere */
export function openLoadClient(kind: string, pinned: boolean): LoadClient {
  if (!["auto", "c", "node"].includes(kind)) throw new Error(`--client must be auto, c or node, not ${kind}`);
  const compiled = kind === "node" ? undefined : compile();
  if (compiled) return new CompiledClient(compiled, pinned);
  if (kind === "c") throw new Error("there is no C compiler that makes a load client here");
  return new NodeClient(pinned);
}

/** A program in a folder of its own; undefined where it cannot be made. */
function compile(): string | undefined {
  if (process.platform !== "linux") return undefined;
  const folder = mkdtempSync(join(tmpdir(), "roomkit-load-"));
  try {
    const source = sourceFile("load.c", import.meta.url);
    execFileSync("cc", ["-O2", "-o", join(folder, "load"), source, "-lm"], { stdio: "ignore" });
    return folder;
  } catch {
    rmSync(folder, { recursive: true, force: true });
    return undefined;
  }
}

class CompiledClient implements LoadClient {
  readonly name = "C";
  readonly #folder: string;
  readonly #process: ChildProcess;
  readonly #answers: ((answer: object | Error) => void)[] = [];

  constructor(folder: string, pinned: boolean) {
    this.#folder = folder;
    this.#process = spawn(join(folder, "load"), { stdio: ["pipe", "pipe", "inherit"] });
    if (pinned) pin(this.#process.pid as number, "client");
    createInterface({ input: this.#process.stdout as NodeJS.ReadableStream }).on("line", (line) => {
      const answer = JSON.parse(line) as { error?: string };
      this.#answers.shift()?.(answer.error === undefined ? answer : new Error(answer.error));
    });
    this.#process.once("exit", () => {
      for (const answer of this.#answers.splice(0)) answer(new Error("the load client ended"));
    });
    this.#process.on("error", () => {});
  }

  async connect(url: string, calls: number): Promise<void> {
    await this.#ask(`connect ${target(url)} ${calls}`, ANSWER_MS);
  }

  measure(ms: number): Promise<Listened> {
    return this.#ask(`measure ${ms}`, ANSWER_MS + ms);
  }

  storm(url: string, calls: number, atOnce: number, talk: boolean): Promise<Stormed> {
    return this.#ask(`storm ${target(url)} ${calls} ${atOnce} ${Number(talk)}`, ANSWER_MS + 20 * calls);
  }

  async hangUp(): Promise<void> {
    await this.#ask("close", ANSWER_MS);
  }

  async close(): Promise<void> {
    if (this.#process.exitCode === null && this.#process.signalCode === null) {
      const gone = new Promise((resolve) => this.#process.once("exit", resolve));
      this.#process.kill("SIGKILL");
      await gone;
    }
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #ask<Answer>(line: string, timeoutMs: number): Promise<Answer> {
    return new Promise<Answer>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`the load client did not answer to ${line}`)), timeoutMs);
      this.#answers.push((answer) => {
        clearTimeout(timer);
        if (answer instanceof Error) reject(answer);
        else resolve(answer as Answer);
      });
      this.#process.stdin?.write(`${line}\n`);
    });
  }
}

/** `127.0.0.1 8080 /path` */
function target(url: string): string {
  const { hostname, port, pathname } = new URL(url);
  return `${hostname} ${port} ${pathname}`;
}

class NodeClient implements LoadClient {
  readonly name = "Node";
  readonly #processes: readonly Child<LoadRequest, Listened & Stormed>[];

  constructor(pinned: boolean) {
    const count = Math.max(1, Math.min(MOST_PROCESSES, availableParallelism() - 1));
    this.#processes = Array.from({ length: count }, () => new Child(import.meta.url, "load"));
    if (pinned) for (const { pid } of this.#processes) pin(pid, "client");
  }

  async connect(url: string, calls: number): Promise<void> {
    await this.#all((share) => ({ type: "connect", url, calls: share(calls) }), ANSWER_MS);
  }

  async measure(ms: number): Promise<Listened> {
    const all = await this.#all(() => ({ type: "measure", ms }), ANSWER_MS + ms);
    const sum = (of: (listened: Listened) => number): number => all.reduce((total, each) => total + of(each), 0);
    return {
      sent: sum(({ sent }) => sent),
      received: sum(({ received }) => received),
      soundsSent: sum(({ soundsSent }) => soundsSent),
      soundsHeard: sum(({ soundsHeard }) => soundsHeard),
      garbled: sum(({ garbled }) => garbled),
      open: sum(({ open }) => open),
      cpuMs: sum(({ cpuMs }) => cpuMs),
      wallMs: Math.max(...all.map(({ wallMs }) => wallMs)),
      driftMs: Math.max(...all.map(({ driftMs }) => driftMs)),
      delays: merged(all.map(({ delays }) => delays)),
      lateness: merged(all.map(({ lateness }) => lateness)),
    };
  }

  async storm(url: string, calls: number, atOnce: number, talk: boolean): Promise<Stormed> {
    const all = await this.#all(
      (share) => ({ type: "storm", url, calls: share(calls), atOnce: Math.max(1, share(atOnce)), talk }),
      ANSWER_MS + 20 * calls,
    );
    return {
      over: all.reduce((sum, { over }) => sum + over, 0),
      failed: all.reduce((sum, { failed }) => sum + failed, 0),
      wallMs: Math.max(...all.map(({ wallMs }) => wallMs)),
      cpuMs: all.reduce((sum, { cpuMs }) => sum + cpuMs, 0),
    };
  }

  async hangUp(): Promise<void> {
    await this.#all(() => ({ type: "close" }), ANSWER_MS);
  }

  async close(): Promise<void> {
    await Promise.all(this.#processes.map((each) => each.close()));
  }

  /** @param request made with what gives each process its share of a number */
  #all(request: (share: (of: number) => number) => LoadRequest, timeoutMs: number): Promise<(Listened & Stormed)[]> {
    const { length } = this.#processes;
    return Promise.all(
      this.#processes.map((each, i) =>
        each.ask(
          request((of) => Math.floor((of + i) / length)),
          timeoutMs,
        ),
      ),
    );
  }
}
