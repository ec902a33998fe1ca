/** What of a call's data channel messages waits, on its way to the worker or there. */
export class SendBuffer {
  readonly #limit: number;
  readonly #messageBytes: number;
  #posted = 0;
  /** Of what was posted: so much the worker had handed on, of which so much waited in the engine. */
  #handed = 0;
  #waiting = 0;

  /**
   * @param limit bytes that may wait
   * @param messageBytes largest message
   */
  constructor(limit: number, messageBytes: number) {
    this.#limit = limit;
    this.#messageBytes = messageBytes;
  }

  get bytes(): number {
    return this.#posted - this.#handed + this.#waiting;
  }

  /** Whether a message may be sent. */
  take(message: string | Uint8Array): boolean {
    const size = typeof message === "string" ? Buffer.byteLength(message) : message.byteLength;
    if (size > this.#messageBytes || this.bytes + size > this.#limit) return false;
    this.#posted += size;
    return true;
  }

  report(handed: number, waiting: number): void {
    this.#handed = handed;
    this.#waiting = waiting;
  }
}
