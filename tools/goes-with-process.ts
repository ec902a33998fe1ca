import { spawn } from "node:child_process";
import type { Socket } from "node:net";
import { tmpdir } from "node:os";

/** Its standard input ends when the process that started it does. What that one had started may be writing still. */
const watcher = `
  const { existsSync, rmSync } = require("node:fs");
  const folder = process.argv[1];
  process.stdin.on("end", async () => {
    for (let tries = 0; tries < 60 && existsSync(folder); tries++) {
      try { rmSync(folder, { recursive: true, force: true }); } catch {}
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
  }).resume();
`;

/** Has a folder removed when this process ends, however it ends: a handler of signals does not run while a program is waited for. */
export function goesWithProcess(folder: string): void {
  const child = spawn(process.execPath, ["--eval", watcher, folder], {
    cwd: tmpdir(),
    // Ctrl-C is for the whole group.
    detached: true,
    stdio: ["pipe", "ignore", "ignore"],
    env: { ...process.env, NODE_OPTIONS: "" },
  });
  child.unref();
  (child.stdin as Socket).unref();
}
