import { describe, expect, it, vi } from "vitest";
import { chooseRuntime, loadOnnxRuntime, type OnnxRuntimeChoice } from "./load.ts";
import { tinyModel } from "./tiny-model.fixture.ts";
import { loadWasm } from "./wasm.ts";

describe.each(["wasm", "native"] as const)("%s", (runtime) => {
  it("computes what the model says", async () => {
    const onnx = await loadOnnxRuntime({ runtime });
    expect(onnx.name).toBe(runtime);
    const session = await onnx.open(tinyModel);
    expect(session.inputNames).toEqual(["a", "b"]);
    expect(session.outputNames).toEqual(["y"]);
    const [a, b] = [Float32Array.of(0, 1, -2, 30), Float32Array.of(0, 0.5, -1, -31)];
    const { y } = await session.run({ a: new onnx.Tensor("float32", a, [4]), b: new onnx.Tensor("float32", b, [4]) });
    expect(y?.type).toBe("float32");
    expect(y?.dims).toEqual([4]);
    const expected = Array.from(a, (value, i) => 1 / (1 + Math.exp(-value - (b[i] as number))));
    Array.from(y?.data as Float32Array).forEach((value, i) => {
      expect(value).toBeCloseTo(expected[i] as number, 6);
    });
    await session.close();
  });

  it("says nothing on the console about what it throws, and goes on", async () => {
    const said = [vi.spyOn(console, "warn"), vi.spyOn(console, "error"), vi.spyOn(process.stderr, "write")];
    const onnx = await loadOnnxRuntime({ runtime });
    for (const bytes of [Uint8Array.of(1, 2, 3), new Uint8Array(0), tinyModel.subarray(0, 40)])
      await expect(onnx.open(bytes)).rejects.toMatchObject({ code: "model_load_failed", cause: expect.any(Error) });
    const session = await onnx.open(tinyModel);
    const vector = (length: number) => new onnx.Tensor("float32", new Float32Array(length), [length]);
    const wrong = [
      {},
      { a: vector(2) },
      { a: vector(2), b: vector(3) },
      { a: vector(1), b: new onnx.Tensor("int64", BigInt64Array.of(1n), [1]) },
    ];
    // The cause of some is a C++ exception, a number in WebAssembly.
    for (const inputs of wrong)
      await expect(session.run(inputs)).rejects.toMatchObject({ code: "inference_failed", cause: expect.anything() });
    expect(await session.run({ a: vector(2), b: vector(2) })).toHaveProperty("y");
    await session.close();
    for (const spy of said) expect(spy).not.toHaveBeenCalled();
    vi.restoreAllMocks();
  });

  it("lets the event loop turn before each computation", async () => {
    const onnx = await loadOnnxRuntime({ runtime });
    const session = await onnx.open(tinyModel);
    const a = new onnx.Tensor("float32", new Float32Array(3), [3]);
    let turned = false;
    setImmediate(() => {
      turned = true;
    });
    await session.run({ a, b: a });
    expect(turned).toBe(true);
    await session.close();
  });

  it("lets what runs end before it is closed, once, and runs no more", async () => {
    const onnx = await loadOnnxRuntime({ runtime });
    const session = await onnx.open(tinyModel);
    const a = new onnx.Tensor("float32", new Float32Array(3), [3]);
    const running = [session.run({ a, b: a }), session.run({ a, b: a })];
    await Promise.all([session.close(), session.close()]);
    for (const { y } of await Promise.all(running)) expect(y?.data).toEqual(new Float32Array(3).fill(0.5));
    await session.close();
    await expect(session.run({ a, b: a })).rejects.toMatchObject({ code: "closed" });
  });
});

describe("the choice", () => {
  const missing = () => Promise.reject(Object.assign(new Error("not there"), { code: "ERR_MODULE_NOT_FOUND" }));
  const broken = () => Promise.reject(Object.assign(new Error("made for another libc"), { code: "ERR_DLOPEN_FAILED" }));

  it("is the native library where it is installed, as it is here", async () => {
    expect((await loadOnnxRuntime()).name).toBe("native");
    expect((await loadOnnxRuntime({ runtime: "auto" })).name).toBe("native");
  });

  it("is WebAssembly where the library is missing or for another system", async () => {
    for (const load of [missing, broken]) expect((await chooseRuntime("auto", load)).name).toBe("wasm");
  });

  it("of the native library fails where there is none, and says which of the two it is", async () => {
    await expect(chooseRuntime("native", missing)).rejects.toMatchObject({ code: "missing_dependency" });
    await expect(chooseRuntime("native", broken)).rejects.toMatchObject({
      code: "engine_failed",
      cause: { code: "ERR_DLOPEN_FAILED" },
    });
  });

  it("of WebAssembly fails where its files are not", async () => {
    await expect(loadWasm("file:///nowhere/at/all/src/wasm.ts")).rejects.toMatchObject({
      code: "engine_failed",
      cause: expect.any(Error),
    });
  });

  it("is one of three", async () => {
    await expect(loadOnnxRuntime({ runtime: "gpu" as OnnxRuntimeChoice })).rejects.toMatchObject({
      code: "invalid_option",
    });
  });
});
