import { Capture, type CapturedFrame } from "../capture/capture.ts";
import type { CaptureProcessorOptions, FromCapture, ToCapture } from "./messages.ts";
import { scope } from "./scope.ts";

const BLOCK = 128;

export class CaptureProcessor extends scope.AudioWorkletProcessor {
  readonly #capture: Capture;
  #open = true;

  constructor(options: { processorOptions: CaptureProcessorOptions }) {
    super();
    this.#capture = new Capture({ contextRate: scope.sampleRate, targetRate: options.processorOptions.targetRate });
    this.port.onmessage = ({ data }: MessageEvent<ToCapture>) => {
      if (data.type === "mute") this.#capture.muted = data.muted;
      else this.#open = false;
    };
  }

  process(inputs: Float32Array[][], outputs: Float32Array[][]): boolean {
    const level = this.#capture.process(mono(inputs[0]), mono(inputs[1]), BLOCK, this.#send);
    const { selected } = this.#capture;
    // An output is silent unless it is written.
    if (selected) for (const channel of outputs[0] ?? []) channel.set(selected);
    if (level !== undefined) this.port.postMessage({ type: "level", db: level } satisfies FromCapture);
    return this.#open;
  }

  readonly #send = ({ offset, samples }: CapturedFrame): void => {
    this.port.postMessage({ type: "frame", offset, samples } satisfies FromCapture, [samples.buffer]);
  };
}

/** One channel of an input; undefined when nothing is connected to it. */
function mono(input: Float32Array[] | undefined): Float32Array | undefined {
  const [first, ...others] = input ?? [];
  if (first === undefined || others.length === 0) return first;
  const mixed = first.slice();
  for (const channel of others) {
    for (let i = 0; i < mixed.length; i++) mixed[i] = (mixed[i] as number) + (channel[i] as number);
  }
  for (let i = 0; i < mixed.length; i++) mixed[i] = (mixed[i] as number) / (others.length + 1);
  return mixed;
}
