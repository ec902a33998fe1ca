import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, vi } from "vitest";
import { root } from "../scripts/lib/run.mjs";

/** Waits for a program, so that no handler of a signal would run. */
const program = (folder: string, rest: string): string => `
  import { execFileSync } from "node:child_process";
  import { goesWithProcess } from "./tools/goes-with-process.ts";
  goesWithProcess(${JSON.stringify(folder)});
  console.log("there");
  ${rest}
`;

it.each([
  ["SIGINT", 'execFileSync("sleep", ["60"]);'],
  ["SIGKILL", 'execFileSync("sleep", ["60"]);'],
  [undefined, ""],
] as const)("a folder goes with the process that made it, ended by %s", { timeout: 60_000 }, async (signal, rest) => {
  const folder = mkdtempSync(join(tmpdir(), "roomkit-goes-"));
  const args = ["--import", "./tools/source.mjs", "--conditions=@roomkit/source", "--input-type=module"];
  const made = spawn(process.execPath, [...args, "--eval", program(folder, rest)], {
    cwd: root,
    detached: true,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = once(made, "exit");
  await once(made.stdout, "data");
  if (signal) {
    expect(existsSync(folder)).toBe(true);
    process.kill(-(made.pid as number), signal);
  }
  await ended;
  await vi.waitFor(() => expect(existsSync(folder)).toBe(false), { timeout: 30_000, interval: 50 });
});
