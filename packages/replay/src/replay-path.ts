import {
  type AudioFormat,
  type AudioFrame,
  type AudioPipeline,
  Emitter,
  frameDurationMs,
  type PipelineEvents,
  type PipelineStream,
  silence,
  type Unsubscribe,
} from "@roomkit/core";
import type { CallEntry, CallHeader, PathEvent } from "./entries.ts";

/** An audio path that makes of each frame what the recorded one made of it. */
export function replayPath(header: CallHeader, entries: readonly CallEntry[]): AudioPipeline {
  const made = new Map<number, readonly PathEvent[]>();
  for (const entry of entries) if (entry.k === "path" && entry.ev) made.set(entry.at, entry.ev);
  return { open: ({ outbound }) => new ReplayStream(header, outbound, made) };
}

class ReplayStream implements PipelineStream {
  readonly internal: AudioFormat;
  readonly hasVad: boolean;
  readonly #outbound: AudioFormat;
  readonly #made: ReadonlyMap<number, readonly PathEvent[]>;
  readonly #events = new Emitter<PipelineEvents>((error) => {
    throw error;
  });

  constructor(header: CallHeader, outbound: AudioFormat, made: ReadonlyMap<number, readonly PathEvent[]>) {
    this.internal = { sampleRate: header.internalRate, channels: 1 };
    this.hasVad = header.hasVad;
    this.#outbound = outbound;
    this.#made = made;
  }

  on<K extends keyof PipelineEvents>(event: K, listener: (payload: PipelineEvents[K]) => void): Unsubscribe {
    return this.#events.on(event, listener);
  }

  processInbound(frame: AudioFrame): void {
    const plain: PathEvent = ["frame", frame.timestamp, frameDurationMs(frame), false];
    for (const event of this.#made.get(frame.timestamp) ?? [plain]) this.#emit(event);
  }

  processOutbound(frame: AudioFrame): AudioFrame {
    return { ...silence(this.#outbound, frameDurationMs(frame)), timestamp: frame.timestamp };
  }

  flushOutbound(): AudioFrame {
    return silence(this.#outbound, 0);
  }

  clearOutbound(): void {}

  played(): void {}

  close(): void {}

  #emit(event: PathEvent): void {
    if (event[0] === "frame") {
      const [, at, ms, speech, speechMs] = event;
      this.#events.emit("frame", { frame: silence(this.internal, ms, at), speech, speechMs });
    } else if (event[0] === "start") {
      const [, timestamp, preRollMs] = event;
      const preRoll = preRollMs > 0 ? [silence(this.internal, preRollMs, timestamp)] : [];
      this.#events.emit("speech-start", { timestamp, preRoll });
    } else if (event[0] === "end") this.#events.emit("speech-end", { timestamp: event[1], durationMs: event[2] });
    else this.#events.emit("dtmf", { digit: "0", timestamp: 0, durationMs: event[2] });
  }
}
