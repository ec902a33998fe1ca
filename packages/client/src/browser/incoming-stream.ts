/** The far end's audio as a stream of the browser's own: an element plays it, Web Audio only measures. */
export class IncomingStream {
  readonly #element = new Audio();
  readonly #source: MediaStreamAudioSourceNode;

  /**
   * @param meter node the stream is connected to besides.
   * @param onBlocked the browser does not play it before the person touches the page.
   */
  constructor(context: AudioContext, stream: MediaStream, meter: AudioNode, onBlocked: () => void) {
    // An element rather than the context: then the browser's jitter buffer and echo canceller know what is played.
    this.#element.srcObject = stream;
    this.#element.play().catch(onBlocked);
    this.#source = context.createMediaStreamSource(stream);
    this.#source.connect(meter);
  }

  async play(): Promise<void> {
    await this.#element.play();
  }

  async setSinkId(deviceId: string): Promise<void> {
    await this.#element.setSinkId(deviceId);
  }

  close(): void {
    this.#source.disconnect();
    this.#element.pause();
    this.#element.srcObject = null;
  }
}
