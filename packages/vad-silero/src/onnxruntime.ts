/** The part of onnxruntime-node used here; the package's own types are those of a package it does not bring. */
export interface OnnxRuntime {
  readonly Tensor: TensorConstructor;
  readonly InferenceSession: {
    create(model: Uint8Array, options: Readonly<Record<string, unknown>>): Promise<OnnxSession>;
  };
}

export interface OnnxTensor {
  readonly data: unknown;
}

export type TensorConstructor = new (
  type: "float32" | "int64",
  data: Float32Array | BigInt64Array,
  shape: readonly number[],
) => OnnxTensor;

export interface OnnxSession {
  run(inputs: Readonly<Record<string, OnnxTensor>>): Promise<Readonly<Record<string, OnnxTensor>>>;
}

/** Loads the native library: late, so that importing this package does not. */
export async function loadOnnxRuntime(): Promise<OnnxRuntime> {
  // The cast hides the name from the compiler, which would look for types.
  const module = await import("onnxruntime-node" as string);
  // Node gives a CommonJS package as `default`; loaders that honour its __esModule mark do not.
  return module.default ?? module;
}
