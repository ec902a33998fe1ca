import type { ServerResponse } from "node:http";
import type { Writable } from "node:stream";
import { constants, createGzip } from "node:zlib";
import type { Cancel, Clock } from "@roomkit/core";

/** Viewers are told so often, ms: twice a second. */
const EVERY_MS = 500;
/** A viewer that takes nothing for so long is let go, ms. */
const SLOW_MS = 10_000;
/** A stream lasts so long, ms; its page then comes back, and has to show again that it may. */
const LAST_MS = 600_000;

/** The call that a viewer looks at closely. */
export interface Focus {
  readonly process: string;
  readonly call: string;
}

interface Viewer {
  readonly response: ServerResponse;
  /** What is written to: the response, or what compresses for it. */
  readonly sink: Writable;
  readonly focus: Focus | undefined;
  readonly since: number;
  /** When it took something last. */
  tookAt: number;
}

export interface StreamsOptions {
  readonly clock: Clock;
  readonly maxViewers: number;
  /** What viewers of a call are shown, as JSON. */
  readonly view: (focus: Focus | undefined) => string;
  /** The first viewer came, or the last one went. */
  readonly onLook: (looking: boolean) => void;
  /** Called before each round, while there are viewers. */
  readonly onRound: () => void;
}

/** Viewers, and what they are told: server-sent events. One that is slow misses what is old by then, and holds up nobody. */
export class Streams {
  readonly #options: StreamsOptions;
  readonly #viewers = new Set<Viewer>();
  #next: Cancel | undefined;
  #closed = false;

  constructor(options: StreamsOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#viewers.size;
  }

  get full(): boolean {
    return this.#closed || this.#viewers.size >= this.#options.maxViewers;
  }

  get focus(): readonly Focus[] {
    return [...this.#viewers].flatMap(({ focus }) => focus ?? []);
  }

  /** @param gzip the viewer understands that: calls are much alike, and a telephone pays for what it loads. */
  add(response: ServerResponse, focus: Focus | undefined, gzip: boolean): void {
    const { clock, onLook } = this.#options;
    const now = clock.now();
    const packer = gzip ? createGzip({ flush: constants.Z_SYNC_FLUSH }) : undefined;
    const viewer: Viewer = { response, sink: packer ?? response, focus, since: now, tookAt: now };
    response.on("error", () => {});
    response.on("close", () => {
      packer?.destroy();
      this.#remove(viewer);
    });
    packer?.on("error", () => response.destroy()).pipe(response);
    response.writeHead(200, {
      "content-type": "text/event-stream",
      "cache-control": "no-store",
      // Otherwise nginx keeps events until it has many.
      "x-accel-buffering": "no",
      "x-content-type-options": "nosniff",
      vary: "accept-encoding",
      ...(gzip ? { "content-encoding": "gzip" } : {}),
    });
    this.#viewers.add(viewer);
    if (this.#viewers.size === 1) onLook(true);
    if (this.#next) this.#tell(viewer, this.#options.view(focus));
    else this.#round();
  }

  close(): void {
    this.#closed = true;
    for (const { sink } of this.#viewers) sink.end();
    for (const viewer of [...this.#viewers]) this.#remove(viewer);
  }

  #remove(viewer: Viewer): void {
    if (!this.#viewers.delete(viewer) || this.#viewers.size > 0) return;
    this.#next?.();
    this.#next = undefined;
    this.#options.onLook(false);
  }

  #round(): void {
    const { clock, view, onRound } = this.#options;
    this.#next = clock.setTimeout(() => this.#round(), EVERY_MS);
    onRound();
    const views = new Map<string, string>();
    for (const viewer of [...this.#viewers]) {
      const key = JSON.stringify(viewer.focus ?? null);
      const text = views.get(key) ?? view(viewer.focus);
      views.set(key, text);
      this.#tell(viewer, text);
    }
  }

  #tell(viewer: Viewer, text: string): void {
    const { response, sink, since, tookAt } = viewer;
    const now = this.#options.clock.now();
    if (sink.writableNeedDrain) {
      if (now - tookAt >= SLOW_MS) response.destroy();
      return;
    }
    viewer.tookAt = now;
    sink.write(`data: ${text}\n\n`);
    if (now - since >= LAST_MS) sink.end();
  }
}
