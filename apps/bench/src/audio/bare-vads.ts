import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";

const here = createRequire(import.meta.url);

/** The Silero network, as one npm package brings it. */
export const SILERO: string = here.resolve("@ricky0123/vad-web/dist/silero_vad_v5.onnx");

/** What the network takes at a time, samples at 16 kHz. */
export const WINDOW = 512;
/** Samples before those that it sees again, and numbers it remembers. */
const [CONTEXT, STATE] = [64, 256];

interface Tensors {
  readonly [name: string]: { readonly data: Float32Array };
}

/** The network run by onnxruntime itself, window after window, each by a call of its own. */
export async function bareSilero(): Promise<(window: Float32Array) => Promise<number>> {
  const { InferenceSession, Tensor } = here("onnxruntime-node");
  const session = await InferenceSession.create(await readFile(SILERO), {
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    executionMode: "sequential",
  });
  const sr = new Tensor("int64", BigInt64Array.of(16_000n), []);
  const input = new Float32Array(CONTEXT + WINDOW);
  let state: Float32Array = new Float32Array(STATE);
  return async (window) => {
    input.copyWithin(0, WINDOW);
    input.set(window, CONTEXT);
    const out: Tensors = await session.run({
      input: new Tensor("float32", input, [1, CONTEXT + WINDOW]),
      state: new Tensor("float32", state, [2, 1, STATE / 2]),
      sr,
    });
    state = out.stateN?.data ?? state;
    return out.output?.data[0] ?? Number.NaN;
  };
}

/** sherpa-onnx's own detector on the same network. */
export function bareSherpa(): (window: Float32Array) => boolean {
  const { Vad } = here("sherpa-onnx-node");
  const sileroVad = {
    model: SILERO,
    threshold: 0.5,
    minSilenceDuration: 0.5,
    minSpeechDuration: 0.096,
    windowSize: WINDOW,
  };
  const vad = new Vad({ sileroVad, sampleRate: 16_000, numThreads: 1, debug: 0 }, 60);
  return (window) => {
    vad.acceptWaveform(window);
    while (!vad.isEmpty()) vad.pop();
    return vad.isDetected();
  };
}
