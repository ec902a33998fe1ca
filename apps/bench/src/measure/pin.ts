import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

/** The processor cores this process may use, none where the system does not tell. */
function cores(): number[] {
  try {
    const [, list = ""] = /^Cpus_allowed_list:\s+(\S+)$/m.exec(readFileSync("/proc/self/status", "utf8")) ?? [];
    return list.split(",").flatMap((range) => {
      const [from = 0, to = from] = range.split("-").map(Number);
      return Array.from({ length: to - from + 1 }, (_, i) => from + i);
    });
  } catch {
    return [];
  }
}

/** Holds a process and its threads to the first core (`server`), or to all the others (`client`): false where that cannot be done. */
export function pin(pid: number, side: "server" | "client"): boolean {
  const [first, ...others] = cores();
  if (first === undefined || others.length === 0) return false;
  try {
    const to = side === "server" ? String(first) : others.join();
    execFileSync("taskset", ["--all-tasks", "--cpu-list", "--pid", to, String(pid)], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}
