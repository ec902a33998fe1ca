import { RoomKitError } from "@roomkit/core";
import { loadOnnxRuntime, type OnnxRuntimeChoice, type OnnxSession, type OnnxTensor } from "@roomkit/onnx";
import { inFrames, inSequence, quiet } from "@roomkit/testing";
import { describe, expect, it, vi } from "vitest";
import { batching, CONTEXT, type Job, STATE, sharedEngine, WINDOW } from "./engine.ts";
import { readModel } from "./model-file.ts";
import { sileroVad } from "./silero-vad.ts";
import { format, spoken } from "./speech.fixture.ts";

const speech = inSequence(quiet(16_000, 300), await spoken("Seven, eight, nine."), quiet(16_000, 300));

/** The probability of every window, by the plainest way to run the model: one window, one state, one after the other. */
async function plainly(samples: Int16Array, runtime: OnnxRuntimeChoice): Promise<number[]> {
  const { open, Tensor } = await loadOnnxRuntime({ runtime });
  const session = await open(await readModel());
  const sr = new Tensor("int64", BigInt64Array.of(16_000n), []);
  let state: OnnxTensor = new Tensor("float32", new Float32Array(STATE), [2, 1, 128]);
  const probabilities: number[] = [];
  const input = new Float32Array(CONTEXT + WINDOW);
  for (let at = 0; at + WINDOW <= samples.length; at += WINDOW) {
    input.copyWithin(0, WINDOW);
    for (let i = 0; i < WINDOW; i++) input[CONTEXT + i] = (samples[at + i] as number) / 32_768;
    const out = await session.run({ input: new Tensor("float32", input.slice(), [1, CONTEXT + WINDOW]), state, sr });
    state = out.stateN as OnnxTensor;
    probabilities.push(...(out.output as { data: Float32Array }).data);
  }
  return probabilities;
}

/** The same through a stream of ours. */
async function streamed(samples: Int16Array, runtime?: OnnxRuntimeChoice): Promise<number[]> {
  const vad = sileroVad({ runtime }).open(format);
  const probabilities: number[] = [];
  for (const frame of inFrames(samples, format, WINDOW)) {
    vad.process(frame);
    await vad.idle();
    if (frame.samples.length === WINDOW) probabilities.push(vad.probability);
  }
  vad.close();
  return probabilities;
}

const apart = (a: number[], b: number[]): number => Math.max(...a.map((x, i) => Math.abs(x - (b[i] as number))));

describe("the model", () => {
  it("gives what it gives when run plainly: context and state are carried right", async () => {
    const [ours, plain] = [await streamed(speech), await plainly(speech, "native")];
    expect(ours).toHaveLength(plain.length);
    expect(Math.max(...plain)).toBeGreaterThan(0.9);
    expect(apart(ours, plain)).toBeLessThan(1e-6);
  });

  it("gives the same to streams that are judged together", async () => {
    const others = Array.from({ length: 40 }, (_, i) => speech.subarray(i * 400));
    const together = await Promise.all(others.map((samples) => streamed(samples)));
    for (const i of [0, 7, 39]) {
      const alone = await plainly(others[i] as Int16Array, "native");
      expect(apart(together[i] as number[], alone)).toBeLessThan(1e-4);
    }
  });

  it("gives the same on WebAssembly", async () => {
    const native = await plainly(speech, "native");
    expect(apart(await plainly(speech, "wasm"), native)).toBeLessThan(1e-3);
    expect(apart(await streamed(speech, "wasm"), native)).toBeLessThan(1e-3);
  });

  it("is loaded once, whoever asks", async () => {
    expect(sharedEngine()).toBe(sharedEngine());
    expect(sharedEngine("wasm")).not.toBe(sharedEngine("native"));
    await Promise.all([sileroVad().warmUp(), sileroVad().warmUp(), sharedEngine()]);
  });

  it("that is missing is told of as such", async () => {
    await expect(readModel("file:///nowhere/at/all/src/model-file.ts")).rejects.toMatchObject({
      code: "model_not_found",
    });
  });
});

describe("batching", () => {
  class Tensor implements OnnxTensor {
    readonly type: string;
    readonly data: Float32Array | BigInt64Array;
    readonly dims: readonly number[];

    constructor(type: string, data: unknown, dims: readonly number[]) {
      this.type = type;
      this.data = data as Float32Array;
      this.dims = dims;
    }
  }

  /** Gives each stream its first input sample as probability and its state plus one. */
  const session = (sizes: number[], fail: (call: number) => boolean = () => false): Pick<OnnxSession, "run"> => ({
    async run({ input, state }) {
      const [inputs, states] = [input as Tensor, state as Tensor];
      const count = inputs.dims[0] as number;
      sizes.push(count);
      if (fail(sizes.length)) throw new Error("made to fail");
      expect(inputs.data).toHaveLength(count * (CONTEXT + WINDOW));
      expect(states.dims).toEqual([2, count, 128]);
      const output = Float32Array.from({ length: count }, (_, i) => Number(inputs.data[i * (CONTEXT + WINDOW)]));
      const after = Float32Array.from(states.data as Float32Array, (x) => x + 1);
      return {
        output: new Tensor("float32", output, [count, 1]),
        stateN: new Tensor("float32", after, [2, count, 128]),
      };
    },
  });

  const job = (value: number, done: Job["done"], failed: Job["failed"] = () => {}): Job => ({
    input: new Float32Array(CONTEXT + WINDOW).fill(value),
    state: Float32Array.from({ length: STATE }, (_, i) => value * 1_000 + i),
    done,
    failed,
  });

  it("judges what waits at the same time together, at most 32, and gives everyone their own", async () => {
    const sizes: number[] = [];
    const engine = batching(session(sizes), Tensor);
    const results: [number, Float32Array][] = [];
    for (let i = 0; i < 70; i++) engine.submit(job(i, (probability, state) => results.push([probability, state])));
    await vi.waitFor(() => expect(results).toHaveLength(70));
    expect(sizes).toEqual([32, 32, 6]);
    results.forEach(([probability, state], i) => {
      expect(probability).toBe(i);
      expect([...state]).toEqual(Array.from({ length: STATE }, (_, k) => i * 1_000 + k + 1));
    });
  });

  it("takes in what is handed over while it works, and sleeps in between", async () => {
    const sizes: number[] = [];
    const engine = batching(session(sizes), Tensor);
    const done: number[] = [];
    const again = (left: number) => (probability: number) => {
      done.push(probability);
      if (left > 0) engine.submit(job(left, again(left - 1)));
    };
    engine.submit(job(9, again(3)));
    await vi.waitFor(() => expect(done).toEqual([9, 3, 2, 1]));
    engine.submit(job(5, again(0)));
    await vi.waitFor(() => expect(done).toHaveLength(5));
    expect(sizes).toEqual([1, 1, 1, 1, 1]);
  });

  it("fails the windows it could not judge, and goes on", async () => {
    const engine = batching(
      session([], (call) => call === 1),
      Tensor,
    );
    const outcomes: string[] = [];
    const add = (value: number) =>
      engine.submit(
        job(
          value,
          () => outcomes.push(`${value} done`),
          (error) => outcomes.push(`${value} ${RoomKitError.is(error) ? error.code : "?"}`),
        ),
      );
    add(1);
    add(2);
    await vi.waitFor(() => expect(outcomes).toHaveLength(2));
    add(3);
    await vi.waitFor(() => expect(outcomes).toEqual(["1 inference_failed", "2 inference_failed", "3 done"]));
  });
});
