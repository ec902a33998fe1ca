/** How long a context may take to start running before it counts as blocked, ms. */
const PATIENCE_MS = 300;

/**
 * Keeps an audio context running. Browsers hold it back until the person touches the page, and some suspend it again
 * (a phone call, another app). Tries at every gesture and whenever the page is shown, and says when it is held back.
 */
export class AutoplayGuard {
  readonly #context: AudioContext;
  readonly #onBlocked: (blocked: boolean) => void;
  #blocked = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(context: AudioContext, onBlocked: (blocked: boolean) => void) {
    this.#context = context;
    this.#onBlocked = onBlocked;
    context.addEventListener("statechange", this.#check);
    document.addEventListener("visibilitychange", this.#try);
    for (const gesture of ["pointerdown", "keydown"]) addEventListener(gesture, this.#try, { capture: true });
    this.#try();
    this.#check();
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#context.removeEventListener("statechange", this.#check);
    document.removeEventListener("visibilitychange", this.#try);
    for (const gesture of ["pointerdown", "keydown"]) removeEventListener(gesture, this.#try, { capture: true });
  }

  readonly #try = (): void => {
    // Not awaited: without a gesture the promise stays open for ever.
    if (this.#context.state !== "running") this.#context.resume().catch(() => {});
  };

  readonly #check = (): void => {
    clearTimeout(this.#timer);
    if (this.#context.state === "running") this.#tell(false);
    else if (this.#context.state !== "closed") this.#timer = setTimeout(() => this.#tell(true), PATIENCE_MS);
  };

  #tell(blocked: boolean): void {
    if (blocked === this.#blocked) return;
    this.#blocked = blocked;
    this.#onBlocked(blocked);
  }
}
