import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { type BlockEngine, RoomKitError, SharedInstances } from "@roomkit/core";

export const SAMPLE_RATE = 48_000;
/** Samples per block, 10 ms. Blocks overlap: what comes out is the block before. */
export const BLOCK = 480;
/** An instance has 16 MB, and a stream's state is 28 KB. */
const STREAMS = 256;

/** What the WebAssembly gives; addresses are bytes of its memory. */
interface Exports {
  readonly memory: WebAssembly.Memory;
  __wasm_call_ctors(): void;
  malloc(bytes: number): number;
  rnnoise_get_frame_size(): number;
  /** @param model 0 for the one that is built in. @returns a state. */
  rnnoise_create(model: number): number;
  rnnoise_destroy(state: number): void;
  /** Floats of 16-bit scale. @returns how likely the block is speech. */
  rnnoise_process_frame(state: number, out: number, block: number): number;
}

/** An instance, and where in its memory blocks go in and come out. */
interface Rnnoise extends Exports {
  readonly from: number;
  readonly to: number;
  readonly input: Float32Array;
  readonly output: Float32Array;
}

let shared: SharedInstances<Rnnoise> | undefined;

/** Reads, compiles and starts it, once per process. @throws RoomKitError `engine_failed`. */
export function loadRnnoise(): void {
  if (shared) return;
  try {
    // A CommonJS bundle does not know where it is; what it was put together for then has the package.
    const from = import.meta.url ?? join(process.cwd(), "package.json");
    const file = createRequire(from).resolve("@sapphi-red/web-noise-suppressor/rnnoise_simd.wasm");
    const module = new WebAssembly.Module(readFileSync(file));
    const instances = new SharedInstances(STREAMS, () => instanceOf(module));
    instances.take().release(() => {});
    shared = instances;
  } catch (cause) {
    throw new RoomKitError("engine_failed", "RNNoise could not be loaded", { cause });
  }
}

/** The state of a stream, in an instance it shares with others; loaded before. @throws RoomKitError `engine_failed`. */
export function openRnnoise(): BlockEngine {
  const place = (shared as SharedInstances<Rnnoise>).take();
  const state = place.use(({ rnnoise_create }) => rnnoise_create(0));
  return {
    process(block, out) {
      place.use(({ input, output, from, to, rnnoise_process_frame }) => {
        input.set(block);
        rnnoise_process_frame(state, to, from);
        for (let i = 0; i < BLOCK; i++) out[i] = Math.max(-32_768, Math.min(32_767, Math.round(output[i] as number)));
      });
    },
    close() {
      place.release(({ rnnoise_destroy }) => rnnoise_destroy(state));
    },
  };
}

/** @throws when the module is another one than that of the version this package depends on. */
export function instanceOf(module: WebAssembly.Module): Rnnoise {
  const instance = new WebAssembly.Instance(module, {
    env: {
      emscripten_memcpy_big: (to: number, from: number, length: number) => {
        new Uint8Array(exports.memory.buffer).copyWithin(to, from, from + length);
      },
      // So many streams fit without.
      emscripten_resize_heap: () => 0,
      __assert_fail: () => {
        throw new RoomKitError("engine_failed", "RNNoise found itself in a state that should not be");
      },
    },
  });
  const exports = instance.exports as unknown as Exports;
  exports.__wasm_call_ctors();
  const size = exports.rnnoise_get_frame_size();
  if (size !== BLOCK) throw new RangeError(`it has blocks of ${size}`);
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
