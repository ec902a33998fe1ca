/** What the model was asked and has not begun to answer. */
export class Asked {
  /** An answer is to come. */
  expecting = false;
  /** The caller's turn in words, where it has been written to us: asked again should the connection be lost before an answer. */
  #text: string | undefined;
  #again = false;
  /** What this connection is to be asked once it is set up. */
  #next: string | undefined;
  #unwanted = false;

  /** It was asked in words. */
  get inWords(): boolean {
    return this.#text !== undefined;
  }

  /** Its answer is cut off when it begins. */
  get unwanted(): boolean {
    return this.#unwanted;
  }

  /** Words are asked. */
  ask(text: string, again: boolean): void {
    this.#text = text;
    this.#again = again;
    this.#unwanted = false;
    this.expecting = true;
  }

  /** The caller has been heard: whatever answer comes is wanted, or is none any more. */
  heard(): void {
    this.#unwanted = false;
  }

  /** The answer has begun, or there is none. */
  answered(): void {
    this.#unwanted = false;
    this.expecting = false;
    this.#text = undefined;
  }

  /** Nobody wants the answer any more. */
  interrupt(): void {
    this.#unwanted = this.expecting;
    this.expecting = false;
    this.#text = undefined;
    this.#next = undefined;
  }

  /** The connection is gone. `otherwise`: what is asked for an answer that was to come to no words. */
  lost(otherwise: string | undefined): void {
    this.#unwanted = false;
    // The handshake failed before it could be asked again.
    this.#text ??= this.#next;
    this.#next = undefined;
    if (this.expecting) this.#text ??= otherwise;
    this.expecting = false;
  }

  /** Another connection begins; gives what it will be asked again: once, and no more than that. */
  begin(): string | undefined {
    this.#next = this.#again ? undefined : this.#text;
    this.#text = undefined;
    return this.#next;
  }

  /** What it is to be asked now. */
  takeNext(): string | undefined {
    const next = this.#next;
    this.#next = undefined;
    return next;
  }
}
