import { readFile } from "node:fs/promises";
import { RoomKitError } from "@roomkit/core";
import type { OrtModule } from "./tensor.ts";

interface OrtWeb extends OrtModule {
  readonly env: {
    logLevel?: string;
    readonly wasm: { numThreads?: number; proxy?: boolean; wasmBinary?: Uint8Array };
  };
}

let loaded: Promise<OrtModule> | undefined;

/** The WebAssembly runtime, once per process; a failure is not remembered. @throws RoomKitError `engine_failed` */
export function wasm(): Promise<OrtModule> {
  loaded ??= loadWasm().catch((error: unknown) => {
    loaded = undefined;
    throw error;
  });
  return loaded;
}

/**
 * The files are those in the package's own `assets/`, which every published package has, but in the repository those of the package
 * they are copied from: there they may be copied anew at any time.
 *
 * @param here a module of the package, one folder below its root
 */
export async function loadWasm(here: string = import.meta.url): Promise<OrtModule> {
  let cause: unknown;
  for (const folder of ["../node_modules/onnxruntime-web/dist/", "../assets/"]) {
    try {
      const at = (name: string): URL => new URL(folder + name, here);
      const wasmBinary = await readFile(at("ort-wasm-simd-threaded.wasm"));
      const ort: OrtWeb = await import(/* @vite-ignore */ at("ort.wasm.min.mjs").href);
      // One thread, or it would start workers; the bytes, or it would fetch them.
      Object.assign(ort.env.wasm, { numThreads: 1, proxy: false, wasmBinary });
      ort.env.logLevel = "fatal";
      return ort;
    } catch (error) {
      cause = error;
    }
  }
  const external = "if @roomkit/onnx was put into a bundle, leave it out (external)";
  throw new RoomKitError("engine_failed", `the WebAssembly of ONNX Runtime could not be loaded; ${external}`, {
    cause,
  });
}
