import { LevelMeter } from "../audio/level-meter.ts";
import { Player } from "../playback/player.ts";
import type { FromPlayback, PlaybackProcessorOptions, ToPlayback } from "./messages.ts";
import { scope } from "./scope.ts";

export class PlaybackProcessor extends scope.AudioWorkletProcessor {
  readonly #player: Player;
  readonly #meter = new LevelMeter(scope.sampleRate);
  #open = true;

  constructor(options: { processorOptions: PlaybackProcessorOptions }) {
    super();
    const { sourceRate, jitter } = options.processorOptions;
    this.#player = new Player({ contextRate: scope.sampleRate, sourceRate, jitter });
    this.port.onmessage = ({ data }: MessageEvent<ToPlayback>) => this.#handle(data);
  }

  process(_inputs: Float32Array[][], outputs: Float32Array[][]): boolean {
    const [first, ...others] = outputs[0] ?? [];
    if (first === undefined) return this.#open;
    this.#player.render(first);
    for (const channel of others) channel.set(first);
    this.#report();
    const level = this.#meter.add(first);
    if (level !== undefined) this.#post({ type: "level", db: level, stats: this.#stats() });
    return this.#open;
  }

  #handle(message: ToPlayback): void {
    switch (message.type) {
      case "audio":
        this.#player.push(message.utterance, message.offset, message.samples);
        break;
      case "end":
        this.#player.end(message.utterance);
        break;
      case "clear":
        this.#player.clear(message.upTo);
        // At once, not with the next block: the server waits for it.
        this.#report();
        break;
      case "close":
        this.#open = false;
    }
  }

  #report(): void {
    const { underruns } = this.#player.jitter;
    for (const report of this.#player.takeReports()) this.#post({ type: "report", report, underruns });
  }

  #stats(): Extract<FromPlayback, { type: "level" }>["stats"] {
    const { jitter, concealed } = this.#player;
    return {
      bufferedMs: jitter.bufferedMs,
      jitterBufferMs: jitter.targetMs,
      underruns: jitter.underruns,
      concealedSamples: concealed,
      droppedSamples: jitter.dropped,
    };
  }

  #post(message: FromPlayback): void {
    this.port.postMessage(message);
  }
}
