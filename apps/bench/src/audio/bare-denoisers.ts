import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

/** Works on one block of the library's own length and scale. */
interface BareDenoiser {
  readonly sampleRate: number;
  readonly block: number;
  process(block: Float32Array): Float32Array;
}

type Functions = Readonly<Record<string, (...values: number[]) => number>>;

/** An instance of one of the package's modules. */
function instance(
  file: string,
  imports: (memory: () => Uint8Array) => Record<string, Functions>,
  memory: string,
): { readonly call: Functions; readonly floats: Float32Array } {
  const bytes = readFileSync(createRequire(import.meta.url).resolve(`@sapphi-red/web-noise-suppressor/${file}`));
  const heap = (): ArrayBuffer => (exports[memory] as { readonly buffer: ArrayBuffer }).buffer;
  const { exports } = new WebAssembly.Instance(
    new WebAssembly.Module(bytes),
    imports(() => new Uint8Array(heap())),
  );
  return { call: exports as Functions, floats: new Float32Array(heap()) };
}

/** RNNoise as its package ships it, called directly. */
export function bareRnnoise(): BareDenoiser {
  const { call, floats } = instance(
    "rnnoise_simd.wasm",
    (memory) => ({
      env: {
        emscripten_memcpy_big: (to = 0, from = 0, length = 0) => {
          memory().copyWithin(to, from, from + length);
          return 0;
        },
        emscripten_resize_heap: () => 0,
        __assert_fail: () => 0,
      },
    }),
    "memory",
  );
  call.__wasm_call_ctors?.();
  return bare(
    48_000,
    480,
    floats,
    (bytes) => call.malloc?.(bytes) ?? 0,
    call.rnnoise_create?.(0) ?? 0,
    (state, from, to) => call.rnnoise_process_frame?.(state, to, from),
  );
}

/** GTCRN as its package ships it, called directly. */
export function bareGtcrn(): BareDenoiser {
  const { call, floats } = instance("gtcrn.wasm", () => ({ a: { a: () => 0, b: () => 0 } }), "c");
  call.d?.();
  return bare(
    16_000,
    256,
    floats,
    (bytes) => call.k?.(bytes) ?? 0,
    call.e?.() ?? 0,
    (state, from, to) => call.i?.(state, from, to),
  );
}

function bare(
  sampleRate: number,
  block: number,
  floats: Float32Array,
  malloc: (bytes: number) => number,
  state: number,
  process: (state: number, from: number, to: number) => unknown,
): BareDenoiser {
  const [from, to] = [malloc(4 * block), malloc(4 * block)];
  return {
    sampleRate,
    block,
    process(samples) {
      floats.set(samples, from / 4);
      process(state, from, to);
      return floats.subarray(to / 4, to / 4 + block);
    },
  };
}
