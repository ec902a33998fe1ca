import { cpuMeter, residentMb } from "../measure/cpu.ts";
import { latenessMeter } from "../measure/event-loop.ts";
import { processorMs, residentMbOf } from "../measure/processes.ts";
import type { EchoServer } from "./echo-server.ts";

/** What a server cost while it was measured. */
export interface ServerCost {
  /** Of this process with its threads, and of the server's own processes. */
  readonly cpuMs: number;
  readonly wallMs: number;
  readonly memoryMb: number;
  /** Of the main thread, 99th percentile. */
  readonly lateMs: number;
}

/** Begins to measure a server. @returns what ends it. */
export function meterServer(server: EchoServer): () => ServerCost {
  const before = new Map((server.processes ?? []).map((pid) => [pid, processorMs(pid)]));
  const lateness = latenessMeter();
  const own = cpuMeter();
  return () => {
    const [ownMs, wallMs, lateMs] = [own.cpuMs(), own.wallMs(), lateness.stop()];
    const processes = server.processes ?? [];
    return {
      cpuMs: processes.reduce((sum, pid) => sum + processorMs(pid) - (before.get(pid) ?? 0), ownMs),
      wallMs,
      lateMs,
      memoryMb: processes.reduce((sum, pid) => sum + residentMbOf(pid), residentMb()),
    };
  };
}
