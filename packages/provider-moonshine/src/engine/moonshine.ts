import { readFile } from "node:fs/promises";
import { RoomKitError } from "@roomkit/core";
import {
  loadOnnxRuntime,
  type OnnxRuntimeChoice,
  type OnnxSession,
  type OnnxTensor,
  type OnnxTensorConstructor,
} from "@roomkit/onnx";
import { BLOCK, Levels } from "../stream/levels.ts";
import { findModel, type ModelFiles } from "./files.ts";
import { SAMPLE_RATE } from "./format.ts";
import { type Evidence, englishOnly } from "./noise.ts";
import { Detokenizer } from "./tokens.ts";

/** Silence on either side of speech, in samples: with less the first and last words of short clips are lost, with more the model doubts short words. */
const QUIET = SAMPLE_RATE / 2;
/** Up to so long it is a word or two, in samples: of longer speech the model is sure, and more silence does it no harm. */
const WORD = 1.5 * SAMPLE_RATE;
/** Speech has fewer tokens per second; what exceeds this repeats itself. */
const TOKENS_PER_SECOND = 6.5;
const MIN_TOKENS = 6;
const BEGIN = 1;
const END = 2;
const LAYERS = 6;
const HEADS = 8;
const HEAD_SIZE = 36;

/** The decoder's memory of the tokens so far (`decoder`) and of the audio (`encoder`), by layer. */
const MEMORY: readonly string[] = Array.from({ length: LAYERS }, (_, layer) =>
  ["decoder", "encoder"].flatMap((side) => ["key", "value"].map((part) => `${layer}.${side}.${part}`)),
).flat();

export interface Decoded extends Evidence {
  /** Empty when what came out is no English. */
  readonly text: string;
  /** Tokens of the text. */
  readonly tokens: number;
}

/** Moonshine tiny (English, int8): an encoder over the raw waveform and an autoregressive decoder, decoded greedily. */
export class Moonshine {
  readonly #tensor: OnnxTensorConstructor;
  readonly #encoder: OnnxSession;
  readonly #decoder: OnnxSession;
  readonly #detokenizer: Detokenizer;

  private constructor(
    tensor: OnnxTensorConstructor,
    encoder: OnnxSession,
    decoder: OnnxSession,
    detokenizer: Detokenizer,
  ) {
    this.#tensor = tensor;
    this.#encoder = encoder;
    this.#decoder = decoder;
    this.#detokenizer = detokenizer;
  }

  /**
   * @throws RoomKitError `model_not_found`; `missing_dependency` when `runtime` is not installed; `engine_failed` when it does not load or
   * the files are no such model
   */
  static async load(files: ModelFiles = findModel(), runtime?: OnnxRuntimeChoice): Promise<Moonshine> {
    // It computes on one thread: more make a model this small slower, and would take the cores the other workers run on.
    const onnx = await loadOnnxRuntime({ runtime });
    try {
      return new Moonshine(
        onnx.Tensor,
        await onnx.open(await readFile(files.encoder)),
        await onnx.open(await readFile(files.decoder)),
        new Detokenizer(await readFile(files.tokens, "utf8")),
      );
    } catch (cause) {
      throw new RoomKitError("engine_failed", "the Moonshine model could not be loaded", { cause });
    }
  }

  /** Transcribes 16 kHz samples. Stops between two tokens when `signal` aborts, and throws its reason. */
  async decode(samples: Int16Array, signal?: AbortSignal): Promise<Decoded> {
    const Tensor = this.#tensor;
    const audio = padded(samples);
    const encoded = await this.#encoder.run({ input_values: new Tensor("float32", audio, [1, audio.length]) });
    const hidden = encoded.last_hidden_state as OnnxTensor;

    const memory: Record<string, OnnxTensor> = {};
    for (const name of MEMORY) {
      memory[`past_key_values.${name}`] = new Tensor("float32", new Float32Array(0), [0, HEADS, 1, HEAD_SIZE]);
    }
    const most = Math.max(MIN_TOKENS, Math.floor((samples.length / SAMPLE_RATE) * TOKENS_PER_SECOND));
    const tokens: number[] = [];
    let last = BEGIN;
    let silence = 0;
    let confidence = 0;
    for (let step = 0; step < most; step++) {
      signal?.throwIfAborted();
      const output = await this.#decoder.run({
        input_ids: new Tensor("int64", BigInt64Array.of(BigInt(last)), [1, 1]),
        encoder_hidden_states: hidden,
        use_cache_branch: new Tensor("bool", [step > 0], [1]),
        ...memory,
      });
      const logits = (output.logits as OnnxTensor).data as Float32Array;
      const first = step === 0;
      const best = likeliest(logits, first);
      const total = softmaxTotal(logits, best.logit);
      if (first) silence = Math.exp((logits[END] as number) - best.logit) / total;
      if (best.token === END) break;
      tokens.push(best.token);
      confidence += 1 / total;
      last = best.token;
      // What it remembers of the audio is made at the first step and stays.
      for (const name of MEMORY) {
        if (first || name.includes("decoder"))
          memory[`past_key_values.${name}`] = output[`present.${name}`] as OnnxTensor;
      }
    }
    return {
      text: englishOnly(this.#detokenizer.decode(tokens)),
      tokens: tokens.length,
      silence,
      confidence: tokens.length === 0 ? 0 : confidence / tokens.length,
    };
  }
}

/** What the model is given: with as much silence around the speech as it needs; of a word or two counting what is there. */
function padded(samples: Int16Array): Float32Array {
  const levels = new Levels();
  for (let at = 0; at + BLOCK <= samples.length; at += BLOCK) levels.add(samples.subarray(at, at + BLOCK));
  const { first, last } = levels.loud() ?? { first: 0, last: levels.count };
  const word = (last + 1 - first) * BLOCK <= WORD;
  const before = word ? Math.max(0, QUIET - first * BLOCK) : QUIET;
  const after = word ? Math.max(0, QUIET - Math.max(0, samples.length - (last + 1) * BLOCK)) : QUIET;
  const audio = new Float32Array(before + samples.length + after);
  for (let i = 0; i < samples.length; i++) audio[before + i] = (samples[i] as number) / 32_768;
  return audio;
}

/**
 * The token with the highest logit. At the first step the end token is passed over: the model often doubts short clips, and
 * goes on to transcribe them rightly when it is not let off.
 */
function likeliest(logits: Float32Array, first: boolean): { readonly token: number; readonly logit: number } {
  let token = -1;
  let logit = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < logits.length; i++) {
    const value = logits[i] as number;
    if (value > logit && !(first && i === END)) {
      token = i;
      logit = value;
    }
  }
  return { token, logit };
}

/** Sum of all probabilities relative to the one at `reference`. */
function softmaxTotal(logits: Float32Array, reference: number): number {
  let total = 0;
  for (let i = 0; i < logits.length; i++) total += Math.exp((logits[i] as number) - reference);
  return total;
}
