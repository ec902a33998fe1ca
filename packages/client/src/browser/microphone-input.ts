import { VoiceClientError } from "../errors.ts";
import type { MicrophoneOptions } from "./audio-io.ts";
import { openMicrophone } from "./microphone.ts";

/** The open microphone of a call: one at a time, replaced by the system's default when it goes away. */
export class MicrophoneInput {
  readonly #context: AudioContext;
  readonly #onLost: (error: VoiceClientError) => void;
  #stream: MediaStream | undefined;
  #source: MediaStreamAudioSourceNode | undefined;
  #target: AudioNode | undefined;
  #closed = false;

  constructor(context: AudioContext, onLost: (error: VoiceClientError) => void) {
    this.#context = context;
    this.#onLost = onLost;
  }

  get open(): boolean {
    return this.#stream !== undefined;
  }

  /** Opens a microphone and lets go of the one before. @throws VoiceClientError; the one before stays then. */
  async use(options: MicrophoneOptions): Promise<void> {
    const stream = await openMicrophone(options);
    if (this.#closed) {
      stop(stream);
      throw new VoiceClientError("aborted", "the call ended while the microphone was being opened");
    }
    this.#release();
    this.#stream = stream;
    this.#source = this.#context.createMediaStreamSource(stream);
    if (this.#target) this.#source.connect(this.#target, 0, 0);
    for (const track of stream.getTracks()) {
      track.addEventListener("ended", () => this.#replace(stream, options), { once: true });
    }
  }

  /** Feeds input 0 of `target`, and no other node any more. */
  connect(target: AudioNode): void {
    this.#source?.disconnect();
    this.#target = target;
    this.#source?.connect(target, 0, 0);
  }

  close(): void {
    this.#closed = true;
    this.#release();
  }

  #release(): void {
    this.#source?.disconnect();
    const stream = this.#stream;
    this.#source = this.#stream = undefined;
    if (stream) stop(stream);
  }

  /** Unplugged, or taken away by the system. */
  #replace(stream: MediaStream, { deviceId: _gone, ...options }: MicrophoneOptions): void {
    if (this.#stream !== stream) return;
    this.#release();
    this.use(options).catch((cause: unknown) => {
      if (this.#closed) return;
      this.#onLost(new VoiceClientError("microphone_lost", "the microphone's track ended", { retryable: true, cause }));
    });
  }
}

function stop(stream: MediaStream): void {
  for (const track of stream.getTracks()) track.stop();
}
