import { execFileSync, fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { describe, expect, it, vi } from "vitest";
import { entryBeside, execArgvFor, threadEntry } from "./entry.ts";

const entry = entryBeside(import.meta.url, "parent.fixture");

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

const gone = (pid: number) => vi.waitFor(() => expect(alive(pid)).toBe(false), { timeout: 10_000, interval: 20 });

describe("an application that never closes its pool", { timeout: 30_000 }, () => {
  it("ends when it has nothing more to do, and its worker with it", async () => {
    const parent = fork(fileURLToPath(entry), ["idle"], { execArgv: execArgvFor(entry) });
    const exit = once(parent, "exit");
    const [pid] = (await once(parent, "message")) as [number];
    expect(await exit).toEqual([0, null]);
    await gone(pid);
  });

  it("takes its worker along when it is killed", async () => {
    const parent = fork(fileURLToPath(entry), ["busy"], { execArgv: execArgvFor(entry) });
    const exit = once(parent, "exit");
    const [pid] = (await once(parent, "message")) as [number];
    // A terminal or a service manager signals the whole group; the worker leaves that to its parent.
    process.kill(pid, "SIGINT");
    process.kill(pid, "SIGTERM");
    expect(alive(pid)).toBe(true);
    parent.kill("SIGKILL");
    await exit;
    await gone(pid);
  });
});

describe("the entry of a worker", () => {
  it("has the form its caller runs in", () => {
    const folder = mkdtempSync(join(tmpdir(), "roomkit-entry-"));
    const at = (name: string): string => pathToFileURL(join(folder, name)).href;
    try {
      for (const extension of ["js", "ts"]) {
        writeFileSync(join(folder, `worker.${extension}`), "");
        expect(entryBeside(at(`pool.${extension}`), "worker").href).toBe(at(`worker.${extension}`));
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("needs options only from source", () => {
    expect(execArgvFor(new URL("file:///x/dist/worker.js"))).toEqual([]);
    const loader = process.env.ROOMKIT_SOURCE_LOADER ?? "";
    const source = new URL("file:///x/src/worker.ts");
    expect(execArgvFor(source)).toEqual(["--import", loader, "--conditions=@roomkit/source"]);
    const { url, execArgv } = threadEntry(source);
    expect(decodeURIComponent(url.href)).toContain(`await import("${loader}");await import("${source.href}");`);
    expect(execArgv).toEqual(["--conditions=@roomkit/source"]);
    expect(threadEntry(new URL("file:///x/dist/worker.js"))).toEqual({
      url: new URL("file:///x/dist/worker.js"),
      execArgv: [],
    });
  });

  it("keeps what is young as its parent was told to, in a process of its own", () => {
    const before = process.execArgv;
    const young = ["--max-semi-space-size=16", "--no-allocation-site-pretenuring", "--min_semi_space_size=4"];
    process.execArgv = [young[0] ?? "", "--inspect=0", ...young.slice(1), "--max-old-space-size=4000"];
    try {
      expect(execArgvFor(new URL("file:///x/dist/worker.js"))).toEqual(young);
      expect(execArgvFor(new URL("file:///x/src/worker.ts")).slice(0, 3)).toEqual(young);
      // A thread is refused what is its process's.
      expect(threadEntry(new URL("file:///x/dist/worker.js")).execArgv).toEqual([]);
      expect(threadEntry(new URL("file:///x/src/worker.ts")).execArgv).toEqual(["--conditions=@roomkit/source"]);
      expect(execFileSync(process.execPath, [...young, "-e", "console.log(1)"]).toString()).toBe("1\n");
    } finally {
      process.execArgv = before;
    }
  });

  it("is loaded as its parent was, from an application's own source", () => {
    vi.stubEnv("ROOMKIT_SOURCE_LOADER", undefined);
    const before = process.execArgv;
    process.execArgv = [
      "--inspect",
      "--import",
      "file:///a.mjs",
      "-C",
      "dev",
      "--require=b.cjs",
      "--expose-gc",
      "-r",
      "c",
    ];
    try {
      const expected = ["--import", "file:///a.mjs", "--conditions=dev", "--require", "b.cjs", "--require", "c"];
      expect(execArgvFor(new URL("file:///x/src/worker.ts"))).toEqual(expected);
      expect(execArgvFor(new URL("file:///x/dist/worker.js"))).toEqual([]);
      process.execArgv = [];
      // A Node that runs TypeScript by itself.
      expect(threadEntry(new URL("file:///x/w.ts"))).toEqual({ url: new URL("file:///x/w.ts"), execArgv: [] });
    } finally {
      process.execArgv = before;
      vi.unstubAllEnvs();
    }
  });

  it.each([
    ["does not know where it is", undefined],
    ["stands somewhere else", import.meta.url],
    ["has an address of the bundler's making", "webpack:///./node_modules/x/pool.js"],
    ["has an address no file has", "file://host/x/pool.js"],
  ])("cannot be found from a bundle that %s", (_where, from) => {
    expect(() => entryBeside(from, "worker")).toThrow(expect.objectContaining({ code: "bundled" }));
  });
});
