import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { RoomKitError } from "@roomkit/core";
import {
  loadOnnxRuntime,
  type OnnxRuntimeChoice,
  type OnnxSession,
  type OnnxTensor,
  type OnnxTensorConstructor,
} from "@roomkit/onnx";
import { FRAMES, features, MELS } from "./features.ts";

/** The model, loaded: computes on the calling thread. */
export class SmartTurn {
  readonly #session: OnnxSession;
  readonly #tensor: OnnxTensorConstructor;
  readonly #input: string;
  readonly #output: string;

  private constructor(session: OnnxSession, tensor: OnnxTensorConstructor) {
    this.#session = session;
    this.#tensor = tensor;
    const [input, output] = [session.inputNames[0], session.outputNames[0]];
    if (input === undefined || output === undefined)
      throw new RoomKitError("invalid_model", "the model has no input or no output");
    this.#input = input;
    this.#output = output;
  }

  /**
   * @param path the model's file
   * @param sha256 what its content must come to, in hexadecimal
   * @throws RoomKitError `model_not_found`; `invalid_model` for another file than that; `model_load_failed`, `missing_dependency`,
   *   `engine_failed`
   */
  static async load(path: string, sha256: string, runtime?: OnnxRuntimeChoice): Promise<SmartTurn> {
    let bytes: Buffer;
    try {
      bytes = await readFile(path);
    } catch (cause) {
      throw new RoomKitError("model_not_found", "the end-of-turn model is not where its option says", { cause });
    }
    const found = createHash("sha256").update(bytes).digest("hex");
    if (found !== sha256.toLowerCase()) {
      throw new RoomKitError("invalid_model", "the end-of-turn model is another file than the one expected", {
        details: { found, sha256 },
      });
    }
    const { open, Tensor } = await loadOnnxRuntime({ runtime });
    return new SmartTurn(await open(bytes), Tensor);
  }

  /** How likely the turn is over, 0 to 1. @param samples mono at 16 kHz, of which the last 8 s count. @throws RoomKitError `inference_failed` */
  async probability(samples: Int16Array): Promise<number> {
    const input = new this.#tensor("float32", features(samples), [1, MELS, FRAMES]);
    const output = (await this.#session.run({ [this.#input]: input }))[this.#output] as OnnxTensor;
    const probability = (output.data as Float32Array)[0] as number;
    if (probability >= 0 && probability <= 1) return probability;
    throw new RoomKitError("inference_failed", "the end-of-turn model gave no probability");
  }
}
