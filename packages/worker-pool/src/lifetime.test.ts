import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { describe, expect, it, vi } from "vitest";
import { entryBeside, execArgvFor } from "./entry.ts";

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
    expect(entryBeside("file:///x/dist/pool.js", "worker").href).toBe("file:///x/dist/worker.js");
    expect(entryBeside("file:///x/src/pool.ts", "worker").href).toBe("file:///x/src/worker.ts");
  });

  it("needs options only from source", () => {
    expect(execArgvFor(new URL("file:///x/dist/worker.js"))).toEqual([]);
    expect(execArgvFor(new URL("file:///x/src/worker.ts"))).toContain("--conditions=@roomkit/source");
  });
});
