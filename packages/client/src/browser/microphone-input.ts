import { VoiceClientError } from "../errors.ts";
import type { MicrophoneOptions } from "./audio-io.ts";
import { FirstSound } from "./first-sound.ts";
import { openMicrophone } from "./microphone.ts";

/** So long may the system hold a microphone back without anybody being told, ms: it does so when devices change. */
const MUTED_MS = 1_000;

/** The open microphone of a call: one at a time, replaced by the system's default when it goes away. */
export class MicrophoneInput {
  readonly #context: AudioContext;
  /** It went away, or delivers nothing. */
  readonly #onFault: (error: VoiceClientError) => void;
  #stream: MediaStream | undefined;
  #source: MediaStreamAudioSourceNode | undefined;
  #target: AudioNode | undefined;
  /** The newest that was asked for: it takes over when it delivers. */
  #next: MediaStream | undefined;
  #firstSound: FirstSound | undefined;
  #muted: ReturnType<typeof setTimeout> | undefined;
  #closed = false;
  #turns = 0;

  constructor(context: AudioContext, onFault: (error: VoiceClientError) => void) {
    this.#context = context;
    this.#onFault = onFault;
  }

  get open(): boolean {
    return this.#stream !== undefined;
  }

  /**
   * Opens a microphone, and lets go of the one before once this one delivers (or is not waited for any longer: then the person
   * is told if nothing comes). @throws VoiceClientError; the one before stays then.
   */
  async use(options: MicrophoneOptions): Promise<void> {
    const turn = ++this.#turns;
    const stream = await openMicrophone(options);
    if (this.#closed || turn !== this.#turns) {
      stop(stream);
      throw new VoiceClientError(
        "aborted",
        "the call ended or another was chosen while the microphone was being opened",
      );
    }
    if (this.#next) stop(this.#next);
    this.#firstSound?.stop();
    this.#next = stream;
    const source = this.#context.createMediaStreamSource(stream);
    this.#watch(stream, options);
    const track = stream.getAudioTracks()[0];
    const firstSound = new FirstSound({ context: this.#context, source, track, onSilent: this.#onFault });
    this.#firstSound = firstSound;
    await firstSound.started;
    if (this.#next !== stream) {
      source.disconnect();
      // Another was chosen, or the call ended; or else it was unplugged.
      const unplugged = !this.#next && !this.#closed;
      const code = unplugged ? "microphone_lost" : "aborted";
      throw new VoiceClientError(code, "the microphone was let go while it started", { retryable: unplugged });
    }
    this.#release();
    this.#next = undefined;
    this.#stream = stream;
    this.#source = source;
    if (this.#target) source.connect(this.#target, 0, 0);
  }

  /** Feeds input 0 of `target`, and no other node any more. */
  connect(target: AudioNode): void {
    if (this.#target) this.#source?.disconnect(this.#target);
    this.#target = target;
    this.#source?.connect(target, 0, 0);
  }

  close(): void {
    this.#closed = true;
    if (this.#next) stop(this.#next);
    this.#next = undefined;
    this.#firstSound?.stop();
    this.#release();
  }

  #watch(stream: MediaStream, options: MicrophoneOptions): void {
    for (const track of stream.getTracks()) {
      track.addEventListener("ended", () => this.#gone(stream, options), { once: true });
      track.addEventListener("unmute", () => clearTimeout(this.#muted));
      track.addEventListener("mute", () => {
        clearTimeout(this.#muted);
        this.#muted = setTimeout(() => {
          if (this.#stream !== stream) return;
          this.#onFault(new VoiceClientError("microphone_muted", "the system muted it", { retryable: true }));
        }, MUTED_MS);
      });
    }
  }

  #release(): void {
    clearTimeout(this.#muted);
    this.#source?.disconnect();
    const stream = this.#stream;
    this.#source = this.#stream = undefined;
    if (stream) stop(stream);
  }

  /** Unplugged, or taken away by the system. */
  #gone(stream: MediaStream, { deviceId: _gone, ...options }: MicrophoneOptions): void {
    if (this.#next === stream) {
      this.#next = undefined;
      this.#firstSound?.stop();
    }
    if (this.#stream !== stream) return;
    this.#release();
    // Another one is on its way.
    if (this.#next) return;
    this.#firstSound?.stop();
    this.use(options).catch((cause: unknown) => {
      if (this.#closed || (cause instanceof VoiceClientError && cause.code === "aborted")) return;
      this.#onFault(
        new VoiceClientError("microphone_lost", "the microphone's track ended", { retryable: true, cause }),
      );
    });
  }
}

function stop(stream: MediaStream): void {
  for (const track of stream.getTracks()) track.stop();
}
