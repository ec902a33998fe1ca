/**
 * Listens to what a page really plays: everything connected to an audio context's destination while this is installed also
 * goes to a recorder on the same audio thread.
 */
const source = `
registerProcessor("test-tap", class extends AudioWorkletProcessor {
  constructor() {
    super();
    this.port.onmessage = ({ data }) => this.port.postMessage({ mark: data, frame: currentFrame });
  }
  process(inputs) {
    const input = inputs[0][0];
    this.port.postMessage({ frame: currentFrame, samples: input ? input.slice() : new Float32Array(128) });
    return true;
  }
});`;

type FromTap = { frame: number; samples: Float32Array } | { frame: number; mark: string };

class Tap {
  readonly sampleRate: number;
  readonly #blocks: { frame: number; samples: Float32Array }[] = [];
  readonly #marks = new Map<string, number>();
  readonly #node: AudioWorkletNode;

  constructor(node: AudioWorkletNode) {
    this.#node = node;
    this.sampleRate = node.context.sampleRate;
    node.port.onmessage = ({ data }: MessageEvent<FromTap>) => {
      if ("mark" in data) this.#marks.set(data.mark, data.frame);
      else this.#blocks.push(data);
    };
  }

  /** Notes where the audio thread is now. */
  mark(name: string): void {
    this.#node.port.postMessage(name);
  }

  /** Context frame of a mark; undefined until the audio thread has seen it. */
  frameOf(name: string): number | undefined {
    return this.#marks.get(name);
  }

  /** What was played so far, from context frame `from` on. */
  samples(from = 0): Float32Array {
    const blocks = this.#blocks.filter(({ frame }) => frame >= from);
    const all = new Float32Array(blocks.length * 128);
    blocks.forEach(({ samples }, i) => {
      all.set(samples, i * 128);
    });
    return all;
  }

  /** Context frame of the last audible sample, or -1. */
  lastSound(): number {
    for (const { frame, samples } of this.#blocks.toReversed()) {
      const index = samples.findLastIndex((value) => Math.abs(value) > 1e-4);
      if (index >= 0) return frame + index;
    }
    return -1;
  }
}

export interface InstalledTap {
  /** The tap of the newest context, once something was connected to its speaker. */
  current(): Tap;
  restore(): void;
}

export function installTap(): InstalledTap {
  const connect = AudioNode.prototype.connect as (this: AudioNode, ...args: unknown[]) => AudioNode;
  const addModule = AudioWorklet.prototype.addModule;
  const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
  const taps = new Map<BaseAudioContext, { tap: Tap; node: AudioWorkletNode }>();
  let newest: Tap | undefined;
  // The recorder must be known before the page's own nodes are made.
  AudioWorklet.prototype.addModule = async function (this: AudioWorklet, module) {
    await addModule.call(this, url);
    await addModule.call(this, module);
  };
  const tapped = function (this: AudioNode, ...args: unknown[]): AudioNode {
    const [target] = args;
    if (target instanceof AudioDestinationNode && !(target.context instanceof OfflineAudioContext)) {
      let entry = taps.get(this.context);
      if (entry === undefined) {
        const node = new AudioWorkletNode(this.context, "test-tap", { numberOfOutputs: 1 });
        entry = { node, tap: new Tap(node) };
        taps.set(this.context, entry);
        connect.call(node, target);
      }
      newest = entry.tap;
      connect.call(this, entry.node);
    }
    return connect.apply(this, args);
  };
  AudioNode.prototype.connect = tapped as typeof AudioNode.prototype.connect;
  return {
    current: () => {
      if (newest) return newest;
      throw new Error("nothing was connected to a speaker");
    },
    restore: () => {
      AudioNode.prototype.connect = connect as typeof AudioNode.prototype.connect;
      AudioWorklet.prototype.addModule = addModule;
      URL.revokeObjectURL(url);
    },
  };
}
