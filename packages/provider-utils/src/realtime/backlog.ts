interface Entry {
  /** Length of the audio; 0 for anything else. */
  readonly ms: number;
  readonly run: () => void;
}

const MAX_COMMANDS = 64;

/** What a session was told while it had no connection, in order. Bounded: older audio is stale, and dropped first. */
export class Backlog {
  readonly #maxAudioMs: number;
  #entries: Entry[] = [];
  #audioMs = 0;

  /** @param maxAudioMs audio kept at most. */
  constructor(maxAudioMs: number) {
    this.#maxAudioMs = maxAudioMs;
  }

  get size(): number {
    return this.#entries.length;
  }

  audio(ms: number, run: () => void): void {
    this.#entries.push({ ms, run });
    this.#audioMs += ms;
    while (this.#audioMs > this.#maxAudioMs) this.#drop(({ ms: length }) => length > 0);
  }

  command(run: () => void): void {
    this.#entries.push({ ms: 0, run });
    if (this.#entries.filter(({ ms }) => ms === 0).length > MAX_COMMANDS) this.#drop(({ ms }) => ms === 0);
  }

  /** Runs everything, oldest first, and forgets it. */
  replay(): void {
    const entries = this.#entries;
    this.clear();
    for (const { run } of entries) run();
  }

  clear(): void {
    this.#entries = [];
    this.#audioMs = 0;
  }

  #drop(which: (entry: Entry) => boolean): void {
    const at = this.#entries.findIndex(which);
    const [entry] = at < 0 ? [] : this.#entries.splice(at, 1);
    this.#audioMs -= entry?.ms ?? this.#audioMs;
  }
}
