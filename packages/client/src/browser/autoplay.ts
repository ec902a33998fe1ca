/** How long a context may take to start running before anybody asks why, ms. */
const PATIENCE_MS = 300;

/**
 * Keeps an audio context running. Browsers hold it back until the person touches the page, and some suspend it again
 * (a phone call, another app). Tries at every gesture and whenever the page is shown, and says when it is held back. A device
 * that takes its time (some need two seconds) is none of that: then the browser would let the page play.
 */
export class AutoplayGuard {
  readonly #context: AudioContext;
  readonly #onBlocked: (blocked: boolean) => void;
  #blocked = false;
  /** It was running already: what stops it now is no slow start. */
  #ran = false;
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
    this.#timer = undefined;
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
    this.#timer = undefined;
    const { state } = this.#context;
    this.#ran ||= state === "running";
    if (state === "running") this.#tell(false);
    else if (state !== "closed") this.#timer = setTimeout(this.#judge, PATIENCE_MS);
  };

  readonly #judge = async (): Promise<void> => {
    const asked = this.#timer;
    const blocked = this.#ran || (await mayNotPlay());
    // Running or closed meanwhile.
    if (this.#timer !== asked || asked === undefined) return;
    if (blocked) this.#tell(true);
    else this.#timer = setTimeout(this.#judge, PATIENCE_MS);
  };

  #tell(blocked: boolean): void {
    if (blocked === this.#blocked) return;
    this.#blocked = blocked;
    this.#onBlocked(blocked);
  }
}

/** Whether the browser would not let the page make sound: an element that may not play says so at once. */
function mayNotPlay(): Promise<boolean> {
  const element = new Audio();
  element.srcObject = new MediaStream();
  return new Promise((resolve) => {
    const done = (refused: boolean): void => {
      clearTimeout(timer);
      element.srcObject = null;
      resolve(refused);
    };
    // With nothing to play it would wait for ever where it may.
    const timer = setTimeout(done, PATIENCE_MS, false);
    element.play().then(
      () => done(false),
      (error: unknown) => done(error instanceof DOMException && error.name === "NotAllowedError"),
    );
  });
}
