/** Protocol buffers as far as a model needs them: a field with bytes or a text, or with a small number. */
const field = (number: number, value: string | number | readonly number[]): number[] => {
  if (typeof value === "number") return [number << 3, value];
  const bytes = typeof value === "string" ? [...Buffer.from(value)] : value;
  if (bytes.length > 127) throw new RangeError("too long for one byte");
  return [(number << 3) | 2, bytes.length, ...bytes];
};

const FLOAT = 1;
/** A vector of floats of any length, by its name. */
const vector = (name: string): number[] => [
  ...field(1, name),
  ...field(2, field(1, [...field(1, FLOAT), ...field(2, field(1, field(2, "n")))])),
];

const node = (operator: string, inputs: readonly string[], output: string): number[] => [
  ...inputs.flatMap((name) => field(1, name)),
  ...field(2, output),
  ...field(4, operator),
];

const graph = [
  ...field(1, node("Add", ["a", "b"], "sum")),
  ...field(1, node("Sigmoid", ["sum"], "y")),
  ...field(2, "tiny"),
  ...field(11, vector("a")),
  ...field(11, vector("b")),
  ...field(12, vector("y")),
];

/** An ONNX model written down by hand: `y = sigmoid(a + b)` for two vectors of one length. */
export const tinyModel = Uint8Array.from([...field(1, 8), ...field(7, graph), ...field(8, field(2, 13))]);
