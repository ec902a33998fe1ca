/** The part of onnxruntime-node used here; the package brings no types of its own. */
export interface OnnxRuntime {
  readonly InferenceSession: {
    create(path: string, options: SessionOptions): Promise<Session>;
  };
  readonly Tensor: new (
    type: "float32" | "int64" | "bool",
    data: Float32Array | BigInt64Array | readonly boolean[],
    dims: readonly number[],
  ) => Tensor;
}

interface SessionOptions {
  readonly intraOpNumThreads: number;
  readonly interOpNumThreads: number;
  /** 3: errors only. */
  readonly logSeverityLevel: number;
}

export interface Session {
  /** Named so by the library; it computes on the calling thread, in the next turn of its event loop. */
  run(inputs: Readonly<Record<string, Tensor>>): Promise<Readonly<Record<string, Tensor>>>;
}

export interface Tensor {
  readonly data: Float32Array | BigInt64Array | Uint8Array;
  readonly dims: readonly number[];
}

/** Loads the native library: late, so that importing a module of this package does not. */
export async function loadOnnxRuntime(): Promise<OnnxRuntime> {
  // The cast hides the name from the compiler, which would look for types.
  const module = await import("onnxruntime-node" as string);
  // Node gives a CommonJS package as `default`; loaders that honour its __esModule mark do not.
  return module.default ?? module;
}
