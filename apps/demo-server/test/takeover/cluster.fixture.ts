import { type ChildProcess, spawn } from "node:child_process";
import { createServer, connect as dial, type Server, type Socket } from "node:net";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { freePort } from "../../../../tools/free-port.ts";

const program = fileURLToPath(new URL("node-process.fixture.ts", import.meta.url));
const loader = new URL("../../../../tools/source.mjs", import.meta.url).href;

/** One process, which is started again on its port. */
export class NodeProcess {
  readonly port: number;
  /** Runs of tools, of all its lives. */
  readonly tools: string[] = [];
  readonly errors: string[] = [];
  readonly #urls: readonly string[];
  #child: ChildProcess | undefined;

  /** @param urls PostgreSQL's, and that of a Redis for leases, if any. */
  constructor(port: number, ...urls: string[]) {
    this.port = port;
    this.#urls = urls;
  }

  async start(): Promise<void> {
    const child = spawn(
      process.execPath,
      [
        "--conditions=@roomkit/source",
        "--import",
        loader,
        program,
        this.#urls[0] as string,
        `${this.port}`,
        ...this.#urls.slice(1),
      ],
      { stdio: ["ignore", "pipe", "pipe"] },
    );
    this.#child = child;
    createInterface({ input: child.stderr as NodeJS.ReadableStream }).on("line", (line) => this.errors.push(line));
    await new Promise<void>((resolve, reject) => {
      createInterface({ input: child.stdout as NodeJS.ReadableStream }).on("line", (line) => {
        if (line.startsWith("ready")) resolve();
        else if (line.startsWith("tool ")) this.tools.push(line.slice(5));
      });
      child.once("exit", () => reject(new Error(`a node ended: ${this.errors.join("\n")}`)));
    });
  }

  signal(name: NodeJS.Signals): void {
    this.#child?.kill(name);
  }

  /** Sends a signal that ends it, and waits for that. */
  async end(name: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((resolve) => child.once("exit", resolve));
    child.kill(name);
    await gone;
  }
}

/** Gives connections to its nodes in turn, and to another where one takes none: what a balancer without stickiness does. */
export class Balancer {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #next = 0;
  port = 0;

  constructor(ports: readonly number[]) {
    this.#server = createServer((client) => {
      this.#keep(client);
      const order = ports.map((_, i) => ports[(this.#next + i) % ports.length] as number);
      this.#next++;
      this.#serve(client, order);
    });
  }

  async start(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    this.port = (this.#server.address() as { port: number }).port;
    return this;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #serve(client: Socket, [port, ...others]: number[]): void {
    if (port === undefined) {
      client.destroy();
      return;
    }
    const upstream = dial(port, "127.0.0.1");
    this.#keep(upstream);
    let connected = false;
    upstream.once("connect", () => {
      connected = true;
      client.pipe(upstream).pipe(client);
    });
    upstream.once("close", () => (connected ? client.destroy() : this.#serve(client, others)));
    client.once("close", () => upstream.destroy());
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on("error", () => {});
    socket.once("close", () => this.#sockets.delete(socket));
  }
}

export async function nodes(count: number, url: string): Promise<NodeProcess[]> {
  const made: NodeProcess[] = [];
  for (let i = 0; i < count; i++) made.push(new NodeProcess(await freePort(), url));
  await Promise.all(made.map((node) => node.start()));
  return made;
}
