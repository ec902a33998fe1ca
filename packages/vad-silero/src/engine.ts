import { RoomKitError } from "@roomkit/core";
import { loadOnnxRuntime, type OnnxRuntimeChoice, type OnnxSession, type OnnxTensorConstructor } from "@roomkit/onnx";
import { readModel } from "./model-file.ts";

/** New samples per window (32 ms), and how many before them the model wants to see as well. */
export const WINDOW = 512;
export const CONTEXT = 64;

/** What the model remembers of a stream: two layers of 128 numbers. */
export const STATE = 256;
const LAYER = STATE / 2;

/** Most windows judged at once: bounds how long one computation holds the event loop, to about 2 ms by onnxruntime-node, 7 ms by WebAssembly. */
const MAX_BATCH = 32;

/** One window of one stream. A stream hands in the next when it has heard of this one. */
export interface Job {
  /** Context and window, -1 to 1. */
  readonly input: Float32Array;
  /** The stream's state before the window. */
  readonly state: Float32Array;
  /** Called with how likely the window is speech, and the state after it. */
  done(probability: number, state: Float32Array): void;
  failed(error: RoomKitError): void;
}

/**
 * The weights and the computation, shared by all streams. Windows that wait at the same time are judged together: 32 at once take
 * a third of the time they take one by one.
 */
export interface Engine {
  submit(job: Job): void;
}

const shared = new Map<OnnxRuntimeChoice, Promise<Engine>>();

/**
 * Loads the engine, once per process and choice; a failure is not remembered.
 *
 * @throws RoomKitError `model_not_found`, `model_load_failed`, `missing_dependency`, `engine_failed`.
 */
export function sharedEngine(runtime: OnnxRuntimeChoice = "auto"): Promise<Engine> {
  const engine =
    shared.get(runtime) ??
    loadEngine(runtime).catch((error: unknown) => {
      shared.delete(runtime);
      throw error;
    });
  shared.set(runtime, engine);
  return engine;
}

async function loadEngine(runtime: OnnxRuntimeChoice): Promise<Engine> {
  const weights = await readModel();
  const { open, Tensor } = await loadOnnxRuntime({ runtime });
  return batching(await open(weights), Tensor);
}

/** Exported for tests, which hand in a session of their own. */
export function batching(session: Pick<OnnxSession, "run">, Tensor: OnnxTensorConstructor): Engine {
  const rate = new Tensor("int64", BigInt64Array.of(16_000n), []);
  const inputs = new Float32Array(MAX_BATCH * (CONTEXT + WINDOW));
  const states = new Float32Array(MAX_BATCH * STATE);
  const waiting: Job[] = [];
  let running = false;

  const judge = async (jobs: readonly Job[]): Promise<void> => {
    const count = jobs.length;
    jobs.forEach(({ input, state }, i) => {
      inputs.set(input, i * input.length);
      // The model's layout has the layers outside, the streams inside.
      states.set(state.subarray(0, LAYER), i * LAYER);
      states.set(state.subarray(LAYER), (count + i) * LAYER);
    });
    const { output, stateN } = await session.run({
      input: new Tensor("float32", inputs.subarray(0, count * (CONTEXT + WINDOW)), [count, CONTEXT + WINDOW]),
      state: new Tensor("float32", states.subarray(0, count * STATE), [2, count, LAYER]),
      sr: rate,
    });
    const [probabilities, after] = [output?.data as Float32Array, stateN?.data as Float32Array];
    jobs.forEach((job, i) => {
      const state = new Float32Array(STATE);
      state.set(after.subarray(i * LAYER, (i + 1) * LAYER));
      state.set(after.subarray((count + i) * LAYER, (count + i + 1) * LAYER), LAYER);
      job.done(probabilities[i] as number, state);
    });
  };

  const work = async (): Promise<void> => {
    while (waiting.length > 0) {
      // A turn of the event loop, so that the frames of other streams that have come in can join.
      await new Promise((resolve) => setImmediate(resolve));
      const jobs = waiting.splice(0, MAX_BATCH);
      try {
        await judge(jobs);
      } catch (cause) {
        const error = new RoomKitError("inference_failed", "the voice activity model failed on a window", { cause });
        for (const job of jobs) job.failed(error);
      }
    }
    running = false;
  };

  return {
    submit(job) {
      waiting.push(job);
      if (running) return;
      running = true;
      void work();
    },
  };
}
