import { spawn } from "node:child_process";
import { once } from "node:events";
import { describe, expect, it } from "vitest";
import { childProcesses, processorMs, residentMbOf, threadsMs } from "./processes.ts";

describe.skipIf(process.platform !== "linux")("child processes", () => {
  it("are found, with what they cost", async () => {
    const before = childProcesses() ?? [];
    const child = spawn(process.execPath, ["-e", "for (;;);"]);
    const pid = child.pid as number;
    try {
      expect(before).not.toContain(pid);
      expect(childProcesses()).toContain(pid);
      while (processorMs(pid) === 0) await new Promise((resolve) => setTimeout(resolve, 20));
      expect(residentMbOf(pid)).toBeGreaterThan(1);
      expect(threadsMs(pid) ?? 1).toBeGreaterThan(0);
    } finally {
      child.kill("SIGKILL");
    }
    await once(child, "exit");
    expect(childProcesses()).not.toContain(pid);
    expect([processorMs(pid), residentMbOf(pid), threadsMs(pid)]).toEqual([0, 0, undefined]);
  });
});
