/** Processor time of this process, user and system, while something ran. */
export interface CpuMeter {
  /** ms since the meter was made. */
  cpuMs(): number;
  wallMs(): number;
}

export function cpuMeter(): CpuMeter {
  const cpu = process.cpuUsage();
  const wall = performance.now();
  return {
    cpuMs() {
      const { user, system } = process.cpuUsage(cpu);
      return (user + system) / 1000;
    },
    wallMs: () => performance.now() - wall,
  };
}

/** Resident memory in MB. */
export function residentMb(): number {
  return process.memoryUsage.rss() / 2 ** 20;
}

/**
 * Processor time per call of `step`, µs: the least of `rounds` rounds, since whatever else runs on the machine can only add.
 *
 * @param calls of `step` in one round
 */
export async function microsecondsPerCall(
  step: (index: number) => unknown,
  calls: number,
  rounds: number,
): Promise<number> {
  let least = Number.POSITIVE_INFINITY;
  let index = 0;
  // The first calls are those of the interpreter.
  for (let i = 0; i < Math.min(calls, 200); i++) await step(index++);
  for (let round = 0; round < rounds; round++) {
    const meter = cpuMeter();
    for (let i = 0; i < calls; i++) {
      const pending = step(index++);
      if (pending instanceof Promise) await pending;
    }
    least = Math.min(least, (meter.cpuMs() * 1000) / calls);
  }
  return least;
}
