/** What a browser's jitter buffer may still hold of an utterance that was stopped, ms. */
const HUSH_MS = 200;

/** The far end's audio as a stream of the browser's own: an element plays it, Web Audio only measures. */
export class IncomingStream {
  readonly #element = new Audio();
  readonly #source: MediaStreamAudioSourceNode;
  readonly #onBlocked: (blocked: boolean) => void;
  #blocked = false;
  #hushed: ReturnType<typeof setTimeout> | undefined;

  /**
   * @param meter node the stream is connected to besides.
   * @param onBlocked the browser does not play it before the person touches the page, or plays it now.
   */
  constructor(context: AudioContext, stream: MediaStream, meter: AudioNode, onBlocked: (blocked: boolean) => void) {
    this.#onBlocked = onBlocked;
    // An element rather than the context: then the browser's jitter buffer and echo canceller know what is played.
    this.#element.srcObject = stream;
    for (const gesture of ["pointerdown", "keydown"]) addEventListener(gesture, this.#retry, { capture: true });
    document.addEventListener("visibilitychange", this.#retry);
    this.#try();
    this.#source = context.createMediaStreamSource(stream);
    this.#source.connect(meter);
  }

  /** @throws DOMException when the browser still holds it back. */
  async play(): Promise<void> {
    await this.#element.play();
    this.#tell(false);
  }

  async setSinkId(deviceId: string): Promise<void> {
    await this.#element.setSinkId(deviceId);
  }

  /** Silences what has arrived and was not played yet: it belongs to what was stopped. */
  hush(): void {
    clearTimeout(this.#hushed);
    this.#element.muted = true;
    this.#hushed = setTimeout(() => {
      this.#element.muted = false;
    }, HUSH_MS);
  }

  close(): void {
    clearTimeout(this.#hushed);
    for (const gesture of ["pointerdown", "keydown"]) removeEventListener(gesture, this.#retry, { capture: true });
    document.removeEventListener("visibilitychange", this.#retry);
    this.#source.disconnect();
    this.#element.pause();
    this.#element.srcObject = null;
  }

  /** Safari pauses elements when a phone call comes in or the page is hidden, and does not go on by itself. */
  readonly #retry = (): void => {
    if (this.#element.paused && document.visibilityState === "visible") this.#try();
  };

  #try(): void {
    this.play().catch((error: unknown) => {
      // Any other failure is of an element that was closed meanwhile.
      if (error instanceof DOMException && error.name === "NotAllowedError") this.#tell(true);
    });
  }

  #tell(blocked: boolean): void {
    if (blocked === this.#blocked) return;
    this.#blocked = blocked;
    this.#onBlocked(blocked);
  }
}
