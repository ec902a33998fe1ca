import { RoomKitError } from "@roomkit/core";
import type { OnnxTensors, OrtModule, OrtSession } from "./tensor.ts";

/** A model that is loaded: computes on the calling thread, one core, and logs nothing. */
export class OnnxSession {
  readonly #session: OrtSession;
  readonly #atOnce: boolean;
  readonly #running = new Set<Promise<unknown>>();
  #closed = false;
  #released: Promise<void> | undefined;

  private constructor(session: OrtSession, atOnce: boolean) {
    this.#session = session;
    this.#atOnce = atOnce;
  }

  /**
   * @param atOnce whether this runtime computes before the event loop turns
   * @throws RoomKitError `model_load_failed`
   */
  static async open(ort: OrtModule, model: Uint8Array, atOnce: boolean): Promise<OnnxSession> {
    try {
      // 4: what goes wrong is thrown, and not written to the console as well.
      const options = { intraOpNumThreads: 1, interOpNumThreads: 1, executionMode: "sequential", logSeverityLevel: 4 };
      return new OnnxSession(await ort.InferenceSession.create(model, options), atOnce);
    } catch (cause) {
      throw new RoomKitError("model_load_failed", "ONNX Runtime could not load the model", { cause });
    }
  }

  get inputNames(): readonly string[] {
    return this.#session.inputNames;
  }

  get outputNames(): readonly string[] {
    return this.#session.outputNames;
  }

  /**
   * All outputs for one tensor per input, computed in a later turn of the event loop. Blocks the thread while it computes, and cannot be
   * called off: what takes long belongs in a worker.
   *
   * @throws RoomKitError `inference_failed` for a missing input, a wrong type or shape, or a failed computation; `closed`
   */
  async run(inputs: OnnxTensors): Promise<OnnxTensors> {
    if (this.#closed) throw new RoomKitError("closed", "the ONNX session was closed");
    const running = this.#compute(inputs);
    this.#running.add(running);
    try {
      return await running;
    } catch (cause) {
      throw new RoomKitError("inference_failed", "ONNX Runtime failed to compute", { cause });
    } finally {
      this.#running.delete(running);
    }
  }

  async #compute(inputs: OnnxTensors): Promise<OnnxTensors> {
    // Between two computations of many there is a turn for what comes in meanwhile, as a call to stop.
    if (this.#atOnce) await new Promise((resolve) => setImmediate(resolve));
    return this.#session.run(inputs);
  }

  /** Frees the model's memory once what runs has ended. Idempotent. */
  close(): Promise<void> {
    this.#closed = true;
    this.#released ??= Promise.allSettled(this.#running).then(() => this.#session.release());
    return this.#released;
  }
}
