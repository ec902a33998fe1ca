import type { FrameStage } from "../contracts/stage.ts";
import { RoomKitError } from "../errors/error.ts";
import type { AudioFormat } from "./format.ts";
import type { AudioFrame } from "./frame.ts";
import { Framer } from "./framer.ts";
import { joinFrames } from "./join.ts";

/** What a {@link BlockStage} does block by block, with all it remembers of its stream. */
export interface BlockEngine {
  /** Writes to `out` what becomes of the `block` at `timestamp` (ms): as many samples. Neither is valid after the call. */
  process(block: Int16Array, out: Int16Array, timestamp: number): void;
  /** Releases what the garbage collector does not; called once. */
  close?(): void;
}

export interface BlockStageOptions {
  /** What it is called in errors. */
  readonly name: string;
  /** The only rate it works at, Hz. */
  readonly sampleRate: number;
  /** Samples per block. */
  readonly size: number;
  /** By how many samples what comes out of the engine lies behind what goes in. */
  readonly delay: number;
  /** How much of what comes out is the engine's, 0 to 1; the rest is what went in. Default 1. */
  readonly wet?: number | undefined;
  /** A fresh engine, with no past. */
  readonly open: () => BlockEngine;
}

/**
 * A stage that works on blocks of one length. Takes frames of any length and gives as many samples as it was given, but the newest, which
 * do not fill a block or have not come out of the engine yet. What comes out stands where it was on the capture clock.
 */
export class BlockStage implements FrameStage {
  readonly #options: BlockStageOptions;
  readonly #framer: Framer;
  readonly #out: Int16Array;
  /** What went in, from `delay` samples before the block on. */
  readonly #dry: Int16Array;
  /** Undefined after `reset` or a failure, until the next frame, and after `close`. */
  #engine: BlockEngine | undefined;
  /** Samples still to come out of the engine that belong to nothing. */
  #before: number;
  /** Samples that went in and have not come out. */
  #held = 0;
  /** Where what comes next would begin. */
  #next = 0;
  #closed = false;

  /** @throws RoomKitError `unsupported_format` for anything but mono at `sampleRate`; whatever `open` throws. */
  constructor(format: AudioFormat, options: BlockStageOptions) {
    const { name, sampleRate, size, delay } = options;
    if (format.sampleRate !== sampleRate || format.channels !== 1) {
      throw new RoomKitError("unsupported_format", `${name} works on mono at ${sampleRate} Hz only`, {
        details: { ...format },
      });
    }
    this.#options = options;
    this.#framer = new Framer(size, sampleRate);
    this.#out = new Int16Array(size);
    this.#dry = new Int16Array(delay + size);
    this.#before = delay;
    this.#engine = options.open();
  }

  /**
   * @throws RoomKitError `unsupported_format` for a frame of another format; whatever the engine throws: with the next frame the stage
   * begins anew.
   */
  process(frame: AudioFrame): AudioFrame {
    const { sampleRate, size, delay, wet = 1 } = this.#options;
    const msPerSample = 1000 / sampleRate;
    const given = new Int16Array(this.#closed ? 0 : frame.samples.length + size);
    let count = 0;
    let begin: number | undefined;
    if (!this.#closed) {
      this.#next = frame.timestamp + frame.samples.length * msPerSample;
      this.#engine ??= this.#options.open();
      const engine = this.#engine;
      this.#framer.push(frame, (block, timestamp) => {
        this.#work(engine, block, timestamp);
        if (wet < 1) this.#mix(block, wet);
        const from = Math.min(this.#before, size);
        this.#before -= from;
        if (from === size) return;
        begin ??= timestamp + (from - delay) * msPerSample;
        given.set(this.#out.subarray(from), count);
        count += size - from;
      });
      this.#held += frame.samples.length - count;
    }
    return { samples: given.subarray(0, count), sampleRate, channels: 1, timestamp: begin ?? frame.timestamp };
  }

  flush(): AudioFrame {
    const { sampleRate, size } = this.#options;
    const held = this.#held;
    const parts: AudioFrame[] = [];
    // Silence pushes it out; what comes of that itself is left out.
    for (let left = held; left > 0 && !this.#closed; left -= parts.at(-1)?.samples.length ?? 0)
      parts.push(this.process({ samples: new Int16Array(2 * size), sampleRate, channels: 1, timestamp: this.#next }));
    this.reset();
    const rest = joinFrames(parts, { samples: new Int16Array(0), sampleRate, channels: 1, timestamp: this.#next });
    return { ...rest, samples: rest.samples.subarray(0, held) };
  }

  reset(): void {
    this.#held = 0;
    this.#framer.reset();
    this.#dry.fill(0);
    this.#before = this.#options.delay;
    this.#engine?.close?.();
    this.#engine = undefined;
  }

  close(): void {
    this.reset();
    this.#closed = true;
  }

  #work(engine: BlockEngine, block: Int16Array, timestamp: number): void {
    try {
      engine.process(block, this.#out, timestamp);
    } catch (error) {
      this.reset();
      throw error;
    }
  }

  #mix(block: Int16Array, wet: number): void {
    const { size, delay } = this.#options;
    const [out, dry] = [this.#out, this.#dry];
    dry.set(block, delay);
    for (let i = 0; i < size; i++) out[i] = Math.round(wet * (out[i] as number) + (1 - wet) * (dry[i] as number));
    dry.copyWithin(0, size);
  }
}
