import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { type BlockEngine, RoomKitError, SharedInstances } from "@roomkit/core";

export const SAMPLE_RATE = 16_000;
/** Samples per block, 16 ms. Blocks overlap: what comes out is the block before. */
export const BLOCK = 256;
/** An instance has 17 MB, and a stream's state is 170 KB. */
const STREAMS = 64;

/** What the WebAssembly gives, under names of its own sources; addresses are bytes of its memory. */
interface Exports {
  readonly memory: WebAssembly.Memory;
  construct(): void;
  /** @returns a state; 0 when memory is short. */
  create(): number;
  destroy(state: number): void;
  /** Floats from -1 to 1. */
  process(state: number, block: number, out: number): void;
  malloc(bytes: number): number;
}

/** An instance, and where in its memory blocks go in and come out. */
interface Gtcrn extends Exports {
  readonly from: number;
  readonly to: number;
  readonly input: Float32Array;
  readonly output: Float32Array;
}

let shared: SharedInstances<Gtcrn> | undefined;

/** Reads, compiles and starts it, once per process. @throws RoomKitError `engine_failed`. */
export function loadGtcrn(): void {
  if (shared) return;
  try {
    // A CommonJS bundle does not know where it is; what it was put together for then has the package.
    const from = import.meta.url ?? join(process.cwd(), "package.json");
    const file = createRequire(from).resolve("@sapphi-red/web-noise-suppressor/gtcrn.wasm");
    const module = new WebAssembly.Module(readFileSync(file));
    const instances = new SharedInstances(STREAMS, () => instanceOf(module));
    instances.take().release(() => {});
    shared = instances;
  } catch (cause) {
    throw new RoomKitError("engine_failed", "GTCRN could not be loaded", { cause });
  }
}

/** The state of a stream, in an instance it shares with others; loaded before. @throws RoomKitError `engine_failed`. */
export function openGtcrn(): BlockEngine {
  const place = (shared as SharedInstances<Gtcrn>).take();
  const state = place.use(({ create }) => create());
  return {
    process(block, out) {
      place.use(({ input, output, from, to, process }) => {
        for (let i = 0; i < BLOCK; i++) input[i] = (block[i] as number) / 32_768;
        process(state, from, to);
        for (let i = 0; i < BLOCK; i++)
          out[i] = Math.max(-32_768, Math.min(32_767, Math.round((output[i] as number) * 32_768)));
      });
    },
    close() {
      place.release(({ destroy }) => destroy(state));
    },
  };
}

/** @throws when the module is another one than that of the version this package depends on. */
export function instanceOf(module: WebAssembly.Module): Gtcrn {
  const abort = (): never => {
    throw new RoomKitError("engine_failed", "GTCRN found itself in a state that should not be");
  };
  // It asks for more memory only when more streams are opened than fit.
  const instance = new WebAssembly.Instance(module, { a: { a: abort, b: () => 0 } });
  const exports = named(instance.exports);
  exports.construct();
  const [from, to] = [exports.malloc(4 * BLOCK), exports.malloc(4 * BLOCK)];
  const { buffer } = exports.memory;
  return {
    ...exports,
    from,
    to,
    input: new Float32Array(buffer, from, BLOCK),
    output: new Float32Array(buffer, to, BLOCK),
  };
}

/** The build names its exports by letters: their number and those of their parameters tell whether it is still that build. */
function named(exports: Readonly<Record<string, unknown>>): Exports {
  const { c: memory, d: construct, e: create, g: destroy, i: process, k: malloc } = exports;
  const functions = [construct, create, destroy, process, malloc];
  const arities = functions.map((each) => (typeof each === "function" ? each.length : -1)).join();
  if (arities !== "0,0,1,3,1" || Object.keys(exports).length !== 9)
    throw new TypeError(`the module has the exports ${Object.keys(exports).join()}`);
  return { memory, construct, create, destroy, process, malloc } as unknown as Exports;
}
