import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { settle } from "../settle.ts";

/** Rounds of collection: at least, and at most. */
const [LEAST_ROUNDS, MOST_ROUNDS] = [3, 20];
/** Another thread frees buffers that are garbage, when it gets to it, ms. */
const SWEEP_MS = 5;
let collect: (() => void) | undefined;

/** Memory that is still in use once garbage is collected, in MB: objects, and what they hold outside of the heap. */
export async function heldMb(): Promise<number> {
  collect ??= globalThis.gc ?? collector();
  let least = Number.POSITIVE_INFINITY;
  // What has a finalizer is freed in a later round: until one frees nothing any more.
  for (let round = 1, idle = 0; round <= MOST_ROUNDS && (round <= LEAST_ROUNDS || idle < 2); round++) {
    collect();
    await settle(2);
    await new Promise((resolve) => setTimeout(resolve, SWEEP_MS));
    const { heapUsed, external } = process.memoryUsage();
    const held = (heapUsed + external) / 2 ** 20;
    idle = held < least - 0.02 ? 0 : idle + 1;
    least = Math.min(least, held);
  }
  return least;
}

/** Node's collector, which is there also when the process was started without `--expose-gc`. */
function collector(): () => void {
  setFlagsFromString("--expose-gc");
  return runInNewContext("gc") as () => void;
}
