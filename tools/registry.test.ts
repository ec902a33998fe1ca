import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { connect } from "node:net";
import { createInterface } from "node:readline";
import { expect, it, vi } from "vitest";
import { root } from "../scripts/lib/run.mjs";

const program = `
  import { startRegistry } from "./tools/registry.ts";
  const { url, env } = await startRegistry();
  console.log(JSON.stringify({ url, cache: env.npm_config_cache }));
`;

it("a registry goes with the process that started it, also when that is killed", { timeout: 120_000 }, async () => {
  const args = ["--import", "./tools/source.mjs", "--conditions=@roomkit/source", "--input-type=module"];
  const parent = spawn(process.execPath, [...args, "--eval", program], {
    cwd: root,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = once(parent, "exit");
  const [line] = await once(createInterface({ input: parent.stdout }), "line");
  const { url, cache } = JSON.parse(line) as { readonly url: string; readonly cache: string };
  expect(existsSync(cache)).toBe(true);
  parent.kill("SIGKILL");
  await ended;
  await vi.waitFor(() => expect(existsSync(cache)).toBe(false), { timeout: 60_000, interval: 50 });
  await vi.waitFor(async () => expect(await listens(url)).toBe(false), { timeout: 60_000, interval: 50 });
});

function listens(url: string): Promise<boolean> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve) => {
    const socket = connect(Number(port), hostname, () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}
