import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { packAll } from "../pack.ts";
import { type LocalRegistry, startRegistry } from "../registry.ts";

const folder = mkdtempSync(join(tmpdir(), "roomkit-registry-test-"));
let registry: LocalRegistry;
beforeAll(async () => {
  registry = await startRegistry(packAll(folder).values());
}, 240_000);
afterAll(async () => {
  await registry?.close();
  rmSync(folder, { recursive: true, force: true });
});

it("is one install: roomkit from a registry, by npm", { timeout: 180_000 }, () => {
  const env = { ...process.env, ...registry.env, NODE_OPTIONS: "" };
  execFileSync("npm", ["install", "--prefix", folder, "roomkit"], { cwd: folder, env, stdio: "pipe" });
  const program = "import('roomkit').then(({ voice, RoomKit }) => console.log(typeof voice, typeof RoomKit))";
  expect(execFileSync(process.execPath, ["-e", program], { cwd: folder, env, encoding: "utf8" })).toBe(
    "function function\n",
  );
});
