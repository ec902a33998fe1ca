export { type LoadOnnxRuntimeOptions, loadOnnxRuntime, type OnnxRuntime, type OnnxRuntimeChoice } from "./load.ts";
export type { OnnxSession } from "./session.ts";
export type { OnnxTensor, OnnxTensorConstructor, OnnxTensors } from "./tensor.ts";
