import type { CallAction, InspectorView } from "@roomkit/inspector";
import { EventReader } from "./events.ts";

/** A call by its process. */
export interface CallKey {
  readonly process: string;
  readonly call: string;
}

/** `refused`: a token is needed, or another one. */
export type LinkState = "connecting" | "live" | "lost" | "full" | "refused";

export interface Shown {
  readonly link: LinkState;
  readonly view: InspectorView | undefined;
}

/** Between two attempts, ms. */
const RETRY_MS = 2_000;
/** A stream that says nothing for so long is none, ms: it has something to say twice a second. */
const SILENT_MS = 8_000;
/** Longest wait for what becomes of a command, ms. */
const ACT_MS = 10_000;

/** What the page knows of the server, for `useSyncExternalStore`. */
export class Server {
  readonly #base: URL;
  readonly #listeners = new Set<() => void>();
  #token: string;
  #focus: CallKey | undefined;
  #shown: Shown = { link: "connecting", view: undefined };
  #stream: AbortController | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(base: URL, token: string) {
    this.#base = base;
    this.#token = token;
  }

  /** The first listener begins to look, the last one ends it. */
  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    if (this.#listeners.size === 1) this.#open();
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size === 0) this.#close();
    };
  };

  readonly shown = (): Shown => this.#shown;

  /** A token was shown. */
  get hasToken(): boolean {
    return this.#token !== "";
  }

  signIn(token: string): void {
    this.#token = token;
    this.#open();
  }

  /** Looks at a call closely, or at none. */
  look(focus: CallKey | undefined): void {
    if (focus?.call === this.#focus?.call && focus?.process === this.#focus?.process) return;
    this.#focus = focus;
    if (this.#listeners.size > 0) this.#open();
  }

  /** The code that says why it was not done; undefined: it was. */
  async act(key: CallKey, action: CallAction): Promise<string | undefined> {
    try {
      const answer = await fetch(new URL("act", this.#base), {
        method: "POST",
        headers: { ...this.#headers, "content-type": "application/json" },
        body: JSON.stringify({ ...key, action }),
        signal: AbortSignal.timeout(ACT_MS),
      });
      if (answer.ok) return undefined;
      const { error = "failed" } = (await answer.json()) as { readonly error?: string };
      return error;
    } catch {
      return "unreachable";
    }
  }

  get #headers(): Record<string, string> {
    return this.#token === "" ? {} : { authorization: `Bearer ${this.#token}` };
  }

  #close(): void {
    clearTimeout(this.#timer);
    this.#stream?.abort();
    this.#stream = undefined;
  }

  #open(): void {
    this.#close();
    const stream = new AbortController();
    this.#stream = stream;
    this.#read(stream).then(
      (link) => this.#again(stream, link),
      () => this.#again(stream, "lost"),
    );
  }

  #again(stream: AbortController, link: LinkState): void {
    if (this.#stream !== stream) return;
    this.#show({ link });
    if (link !== "refused") this.#timer = setTimeout(() => this.#open(), link === "connecting" ? 0 : RETRY_MS);
  }

  /** Until the stream ends; resolves with what that means. */
  async #read(stream: AbortController): Promise<LinkState> {
    const url = new URL("live", this.#base);
    for (const [name, value] of Object.entries(this.#focus ?? {})) url.searchParams.set(name, value);
    const answer = await fetch(url, { headers: this.#headers, signal: stream.signal, cache: "no-store" });
    if (answer.status === 401 || answer.status === 403) return "refused";
    if (answer.status === 503) return "full";
    if (!answer.ok || !answer.body) return "lost";
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    const events = new EventReader();
    for (;;) {
      const silent = setTimeout(() => stream.abort(), SILENT_MS);
      const { value, done } = await reader.read().finally(() => clearTimeout(silent));
      // A stream lasts ten minutes; the next one begins at once.
      if (done) return this.#shown.link === "live" ? "connecting" : "lost";
      // Of several only the newest is worth drawing.
      const newest = events.add(value).at(-1);
      if (newest !== undefined && this.#stream === stream)
        this.#show({ link: "live", view: JSON.parse(newest) as InspectorView });
    }
  }

  #show(changes: Partial<Shown>): void {
    // While it comes back what was shown stays.
    const link = changes.link === "connecting" && this.#shown.view ? this.#shown.link : changes.link;
    this.#shown = { ...this.#shown, ...changes, link: link ?? this.#shown.link };
    for (const listener of this.#listeners) listener();
  }
}
