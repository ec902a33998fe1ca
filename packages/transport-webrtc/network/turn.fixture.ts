import { spawn } from "node:child_process";
import { createSocket } from "node:dgram";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findProgram } from "./programs.fixture.ts";

export interface TurnOptions {
  readonly host: string;
  /** UDP and TCP. Default: a free one. */
  readonly port?: number;
  /** Shared with whoever makes credentials; without it only STUN is served. */
  readonly secret?: string;
  readonly within?: readonly string[];
}

/** Debian's coturn, for one test; it keeps nothing and asks nobody. */
export async function startTurn(options: TurnOptions): Promise<{ readonly port: number; stop(): Promise<void> }> {
  const { host, secret, within = [] } = options;
  const port = options.port ?? (await freePort(host));
  const folder = mkdtempSync(join(tmpdir(), "roomkit-turn-"));
  const words = [
    ...within,
    findProgram("turnserver") ?? "turnserver",
    ...["-n", "--no-cli", "--no-tls", "--no-dtls", "--no-multicast-peers", "--log-file=stdout", "--simple-log"],
    ...[`--listening-ip=${host}`, `--relay-ip=${host}`, `--listening-port=${port}`, "--realm=roomkit.test"],
    ...[`--userdb=${join(folder, "turndb")}`, `--pidfile=${join(folder, "pid")}`],
    ...(secret === undefined
      ? ["--stun-only"]
      : ["--use-auth-secret", `--static-auth-secret=${secret}`, "--allow-loopback-peers"]),
  ];
  const [command = "", ...rest] = words;
  const turn = spawn(command, rest, { stdio: ["ignore", "pipe", "pipe"] });
  let log = "";
  const over = new Promise<void>((resolve) => turn.once("close", () => resolve()));
  for (const stream of [turn.stdout, turn.stderr])
    stream.on("data", (data: Buffer) => {
      log = (log + data.toString()).slice(-8_000);
    });
  const deadline = performance.now() + 10_000;
  // Started last.
  while (!/admin thread/.test(log)) {
    if (performance.now() > deadline || turn.exitCode !== null) {
      turn.kill("SIGKILL");
      throw new Error(`coturn did not start: ${log}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return {
    port,
    async stop() {
      turn.kill("SIGKILL");
      await over;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** A port that is free for UDP and TCP now. */
async function freePort(host: string): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  const { port } = server.address() as { port: number };
  const socket = createSocket("udp4");
  await new Promise<void>((resolve, reject) => socket.once("error", reject).bind(port, host, resolve));
  await new Promise<void>((resolve) => socket.close(() => resolve()));
  await new Promise((resolve) => server.close(resolve));
  return port;
}
