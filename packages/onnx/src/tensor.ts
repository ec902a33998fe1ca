/** Numbers in an order, and how they lie in it. */
export interface OnnxTensor {
  readonly type: string;
  /** By type: `float32` Float32Array, `int64` BigInt64Array, `bool` and `uint8` Uint8Array, `int8` Int8Array and so on. */
  readonly data: unknown;
  /** Size of each axis, the outermost first; empty: one number. */
  readonly dims: readonly number[];
}

/** Makes a tensor over `data`, whose length is the product of `dims`. Throws the runtime's own error when it is not. */
export type OnnxTensorConstructor = new (
  type: "float32" | "int32" | "int64" | "int8" | "uint8" | "bool",
  data: Float32Array | Int32Array | BigInt64Array | Int8Array | Uint8Array | readonly boolean[],
  dims: readonly number[],
) => OnnxTensor;

export type OnnxTensors = Readonly<Record<string, OnnxTensor>>;

/** What onnxruntime-node and onnxruntime-web have in common, as far as it is used; the one brings no types, of the other only files are taken. */
export interface OrtModule {
  readonly Tensor: OnnxTensorConstructor;
  readonly InferenceSession: {
    create(model: Uint8Array, options: Readonly<Record<string, unknown>>): Promise<OrtSession>;
  };
  readonly env: { logLevel?: string };
}

export interface OrtSession {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  run(inputs: OnnxTensors): Promise<OnnxTensors>;
  release(): Promise<void>;
}
