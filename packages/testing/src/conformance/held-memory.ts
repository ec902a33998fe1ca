import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { settle } from "../settle.ts";

let collect: (() => void) | undefined;

/** Memory that is still in use once garbage is collected, in MB: objects, and what they hold outside of the heap. */
export async function heldMb(): Promise<number> {
  collect ??= globalThis.gc ?? collector();
  // What has a finalizer is freed in a later round.
  for (let round = 0; round < 3; round++) {
    collect();
    await settle(2);
  }
  const { heapUsed, external } = process.memoryUsage();
  return (heapUsed + external) / 2 ** 20;
}

/** Node's collector, which is there also when the process was started without `--expose-gc`. */
function collector(): () => void {
  setFlagsFromString("--expose-gc");
  return runInNewContext("gc") as () => void;
}
