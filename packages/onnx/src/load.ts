import { assertOptions, RoomKitError } from "@roomkit/core";
import { importNative, native } from "./native.ts";
import { OnnxSession } from "./session.ts";
import type { OnnxTensorConstructor, OrtModule } from "./tensor.ts";
import { wasm } from "./wasm.ts";

/** `auto`: `onnxruntime-node` where it is installed and loads, else the WebAssembly of this package. */
export type OnnxRuntimeChoice = "auto" | "wasm" | "native";

export interface LoadOnnxRuntimeOptions {
  /** Default `auto`. */
  readonly runtime?: OnnxRuntimeChoice | undefined;
}

export interface OnnxRuntime {
  /** What computes: `onnxruntime-node` or WebAssembly. */
  readonly name: "native" | "wasm";
  readonly Tensor: OnnxTensorConstructor;
  /** Loads a model from the bytes of an `.onnx` file. @throws RoomKitError `model_load_failed` */
  open(model: Uint8Array): Promise<OnnxSession>;
}

/**
 * Loads ONNX Runtime, each kind once per process. Nothing is fetched from anywhere and nothing is logged; the WebAssembly starts no
 * threads.
 *
 * @throws RoomKitError `invalid_option`; `missing_dependency` for `native` without `onnxruntime-node`; `engine_failed` when the runtime is
 * there and will not load
 */
export async function loadOnnxRuntime(options: LoadOnnxRuntimeOptions = {}): Promise<OnnxRuntime> {
  assertOptions("loadOnnxRuntime", options, { oneOf: { runtime: ["auto", "wasm", "native"] } });
  return chooseRuntime(options.runtime ?? "auto");
}

/** With another way to `onnxruntime-node`; for tests. */
export async function chooseRuntime(
  choice: OnnxRuntimeChoice,
  load: () => Promise<unknown> = importNative,
): Promise<OnnxRuntime> {
  if (choice === "wasm") return runtime("wasm", await wasm());
  try {
    return runtime("native", await native(load));
  } catch (error) {
    // A library that is there for another system, or another libc, is as good as none.
    if (choice === "native" || !RoomKitError.is(error)) throw error;
    return runtime("wasm", await wasm());
  }
}

const runtime = (name: OnnxRuntime["name"], ort: OrtModule): OnnxRuntime => ({
  name,
  Tensor: ort.Tensor,
  open: (model) => OnnxSession.open(ort, model, name === "wasm"),
});
