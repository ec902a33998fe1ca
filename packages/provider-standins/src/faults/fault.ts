/**
 * What is to go wrong. `after` counts the frames the route has sent before (0: instead of the first; a `cut` with -1: instead
 * of any answer).
 */
export type Fault = {
  /** Only for this route; default: whichever is asked next. */ readonly route?: string | undefined;
} & FaultKind;

export type FaultKind =
  /** The request (or upgrade) is refused. The body defaults to what the route's vendor would say. */
  | {
      readonly kind: "status";
      readonly status: number;
      readonly headers?: Readonly<Record<string, string>> | undefined;
      readonly body?: unknown;
    }
  /** The request (or upgrade) is never answered. */
  | { readonly kind: "hang" }
  /** So many ms pass before each frame. */
  | { readonly kind: "slow"; readonly ms: number }
  /** Every frame comes in pieces of `size` bytes (WebSocket: as continuation frames). */
  | { readonly kind: "fragment"; readonly size: number }
  /** All frames come in one piece (WebSocket: all that are sent in one turn). */
  | { readonly kind: "coalesce" }
  /** The connection breaks off, with a reset (default) or with a plain end of the stream. */
  | { readonly kind: "cut"; readonly after: number; readonly rst?: boolean | undefined }
  /** The answer ends as if it were complete. HTTP only. */
  | { readonly kind: "eof"; readonly after: number }
  /** Nothing more comes, though the connection stays and pings are answered. */
  | { readonly kind: "stall"; readonly after: number }
  /** WebSocket only. Without `code` the close frame has none (1005). */
  | {
      readonly kind: "close";
      readonly after: number;
      readonly code?: number | undefined;
      readonly reason?: string | undefined;
    }
  /** These bytes come instead of a frame. */
  | { readonly kind: "malformed"; readonly after: number; readonly bytes: string | Uint8Array }
  /** A frame of a type nobody has heard of comes in between; default: the route's. */
  | { readonly kind: "unknown-type"; readonly after: number; readonly frame?: unknown }
  /** The peer vanishes without a word: nothing comes, nothing is read, no ping is answered. */
  | { readonly kind: "half-open"; readonly after: number }
  /** The vendor reports an error in the stream; default: the route's. HTTP: the answer then ends. */
  | { readonly kind: "inband-error"; readonly after: number; readonly frame?: unknown }
  /** The frame comes twice. */
  | { readonly kind: "duplicate"; readonly at: number }
  /** The frame comes after the one that follows it. */
  | { readonly kind: "reorder"; readonly at: number };

/** Faults in the order they were planned; each is used once. */
export class FaultPlan {
  readonly #planned: Fault[] = [];

  add(fault: Fault): void {
    this.#planned.push(fault);
  }

  /** The next fault for this route. */
  take(route: string): Fault | undefined {
    const index = this.#planned.findIndex((fault) => fault.route === undefined || fault.route === route);
    return index < 0 ? undefined : this.#planned.splice(index, 1)[0];
  }

  get left(): readonly Fault[] {
    return this.#planned;
  }
}
