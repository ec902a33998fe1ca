import { VoiceClientError } from "../errors.ts";

/** How often is looked, ms: each look covers more than that. */
const LOOK_EVERY_MS = 50;
const LOOK_SAMPLES = 8_192;
/** Silence of a microphone that is running which may well be a quiet room behind a noise gate, ms. */
const QUIET_ROOM_MS = 2_000;
/** One that is not running by then is not waited for any longer, ms. */
const START_MS = 5_000;
/** Silence after which the person is told, ms. */
const SILENT_MS = 10_000;

export interface FirstSoundOptions {
  readonly context: AudioContext;
  readonly source: AudioNode;
  readonly track: MediaStreamTrack | undefined;
  /** Nothing at all comes from it. Called once. */
  onSilent(error: VoiceClientError): void;
}

/**
 * Waits for a microphone. Between its opening and its first sample a device may take two seconds (a headset by radio, an audio
 * context that is still starting), and all that is said meanwhile is lost. A real one is never silent to the last bit.
 */
export class FirstSound {
  /** Resolves when it delivers, or is not waited for any longer. */
  readonly started: Promise<void>;
  readonly #options: FirstSoundOptions;
  readonly #analyser: AnalyserNode;
  readonly #samples = new Float32Array(LOOK_SAMPLES);
  readonly #since = performance.now();
  #quietSince: number | undefined;
  #start = (): void => {};
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: FirstSoundOptions) {
    this.#options = options;
    this.#analyser = new AnalyserNode(options.context, { fftSize: LOOK_SAMPLES });
    options.source.connect(this.#analyser);
    this.started = new Promise((resolve) => {
      this.#start = resolve;
    });
    this.#look();
  }

  /** Ends the wait. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#start();
    this.#analyser.disconnect();
  }

  readonly #look = (): void => {
    const { context, track } = this.#options;
    const now = performance.now();
    this.#analyser.getFloatTimeDomainData(this.#samples);
    if (this.#samples.some((sample) => sample !== 0)) {
      this.stop();
      return;
    }
    const running = context.state === "running" && track?.muted !== true;
    if (running) this.#quietSince ??= now;
    else this.#quietSince = undefined;
    if (this.#quietSince !== undefined && now - this.#quietSince >= QUIET_ROOM_MS) this.#start();
    const waited = now - this.#since;
    if (waited >= START_MS) this.#start();
    if (waited >= (running ? SILENT_MS : START_MS)) {
      this.stop();
      const code = track?.muted ? "microphone_muted" : "microphone_silent";
      this.#options.onSilent(new VoiceClientError(code, "no sample came from the microphone", { retryable: true }));
      return;
    }
    this.#timer = setTimeout(this.#look, LOOK_EVERY_MS);
  };
}
