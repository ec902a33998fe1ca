import { viewsOf } from "@roomkit/core";
import type { PolyphaseFilter } from "./filter.ts";
import { type FilterKernel, KERNEL_CAPACITY } from "./kernel.ts";
import { kernelBase64 } from "./kernel-bytes.ts";

/** The part of the WebAssembly API used here; not every runtime has it, and some forbid compiling. */
interface WebAssemblyApi {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Memory: new (options: { initial: number }) => { readonly buffer: ArrayBuffer };
  readonly Instance: new (module: object, imports: object) => { readonly exports: object };
}

/** What kernel.wat exports. */
interface KernelExports {
  widen(from: number, to: number, count: number): void;
  narrow(from: number, to: number, count: number): void;
  filter(
    tick: number,
    up: number,
    down: number,
    taps: number,
    width: number,
    window: number,
    to: number,
    count: number,
  ): void;
}

const PAGE = 65_536;

let compiled: object | undefined;

/** The kernel on WebAssembly SIMD; undefined where the runtime has none or forbids it. */
export function wasmKernel(filter: PolyphaseFilter): FilterKernel | undefined {
  const api = (globalThis as { WebAssembly?: WebAssemblyApi | undefined }).WebAssembly;
  if (api === undefined) return undefined;
  try {
    compiled ??= new api.Module(Uint8Array.from(atob(kernelBase64), (c) => c.charCodeAt(0)));
    return instantiate(api, compiled, filter);
  } catch {
    // A content security policy without 'wasm-unsafe-eval', an engine without SIMD, no address space left.
    return undefined;
  }
}

function instantiate(api: WebAssemblyApi, module: object, filter: PolyphaseFilter): FilterKernel {
  const { up, down, width } = filter;
  const past = width - 1;
  const most = Math.ceil((KERNEL_CAPACITY * up) / down) + 1;
  // One instance and memory per filter: taps, then three buffers, each padded for loops that run past its end.
  const taps = 0;
  const window = taps + 4 * up * width;
  const result = window + 4 * padded(past + KERNEL_CAPACITY);
  const whole = result + 4 * padded(most);
  const bytes = whole + 2 * padded(Math.max(most, KERNEL_CAPACITY));

  const memory = new api.Memory({ initial: Math.ceil(bytes / PAGE) });
  const kernel = new api.Instance(module, { env: { memory } }).exports as KernelExports;
  const { buffer } = memory;
  new Float32Array(buffer, taps, up * width).set(filter.taps);
  const windowView = new Float32Array(buffer, window, past + KERNEL_CAPACITY);
  const wholeView = new Int16Array(buffer, whole, Math.max(most, KERNEL_CAPACITY));
  const windowPart = viewsOf(windowView);
  const wholePart = viewsOf(wholeView);

  return {
    capacity: KERNEL_CAPACITY,
    run(history, samples, tick, out) {
      windowView.set(history);
      if (samples instanceof Int16Array) {
        wholeView.set(samples);
        kernel.widen(whole, window + 4 * past, samples.length);
      } else {
        windowView.set(samples, past);
      }
      kernel.filter(tick, up, down, taps, width, window, result, out.length);
      if (out instanceof Int16Array) {
        kernel.narrow(result, whole, out.length);
        out.set(wholePart(0, out.length));
      } else {
        out.set(new Float32Array(buffer, result, out.length));
      }
      history.set(windowPart(samples.length, samples.length + past));
    },
  };
}

/** Room for `count` samples and whatever one turn of a loop adds. */
function padded(count: number): number {
  return Math.ceil(count / 16) * 16 + 16;
}
