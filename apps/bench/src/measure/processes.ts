import { readdirSync, readFileSync } from "node:fs";

/** Linux counts processor time for other processes in hundredths of a second, whatever the kernel's own clock. */
const TICK_MS = 10;

/** The processes that this one started and that still run; undefined where the system does not tell (it is not Linux). */
export function childProcesses(): readonly number[] | undefined {
  if (process.platform !== "linux") return undefined;
  return readdirSync("/proc")
    .map(Number)
    .filter((pid) => Number.isInteger(pid) && Number(statOf(pid)?.[1]) === process.pid);
}

/** Processor time of another process since its start, user and system, ms; 0 when it is gone. */
export function processorMs(pid: number): number {
  const stat = statOf(pid);
  return stat ? (Number(stat[11]) + Number(stat[12])) * TICK_MS : 0;
}

/** The same to less than a microsecond, of the threads it has now; undefined where the system does not tell. */
export function threadsMs(pid: number): number | undefined {
  let threads: readonly string[];
  try {
    threads = readdirSync(`/proc/${pid}/task`);
  } catch {
    return undefined;
  }
  const times = threads.map((thread) => Number(read(`/proc/${pid}/task/${thread}/schedstat`)?.split(" ")[0]));
  return times.every(Number.isFinite) ? times.reduce((sum, ns) => sum + ns, 0) / 1e6 : undefined;
}

/** Resident memory of another process in MB; 0 when it is gone. */
export function residentMbOf(pid: number): number {
  const [, kilobytes = 0] = /^VmRSS:\s+(\d+) kB$/m.exec(read(`/proc/${pid}/status`) ?? "") ?? [];
  return Number(kilobytes) / 1024;
}

/** The fields after the name, which may hold anything: state, parent, and so on (proc(5)). */
function statOf(pid: number): readonly string[] | undefined {
  return read(`/proc/${pid}/stat`)
    ?.replace(/^.*\) /s, "")
    .split(" ");
}

/** Processes end while one looks at them. */
function read(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
