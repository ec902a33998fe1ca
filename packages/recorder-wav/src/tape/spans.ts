interface Span {
  readonly from: number;
  to: number;
}

/** Stretches of the time line, in samples: in the order in which they begin, possibly overlapping; the last may still last. */
export class Spans {
  readonly #spans: Span[] = [];

  /** Whether the last one has no end yet. */
  get open(): boolean {
    return this.#spans.at(-1)?.to === Number.POSITIVE_INFINITY;
  }

  /** One begins that ends with {@link end}; nothing while one lasts. */
  begin(from: number): void {
    if (!this.open) this.#spans.push({ from, to: Number.POSITIVE_INFINITY });
  }

  end(to: number): void {
    const last = this.#spans.at(-1);
    if (last && this.open) last.to = Math.max(last.from, to);
  }

  add(from: number, to: number): void {
    const last = this.#spans.at(-1);
    if (last && from >= last.from && from <= last.to) last.to = Math.max(last.to, to);
    else this.#spans.push({ from, to });
  }

  covers(at: number): boolean {
    return this.#spans.some(({ from, to }) => from <= at && at < to);
  }

  /** What of it lies between `from` and `to`. */
  *within(from: number, to: number): Generator<{ readonly from: number; readonly to: number }> {
    for (const span of this.#spans)
      if (span.from < to && span.to > from) yield { from: Math.max(from, span.from), to: Math.min(to, span.to) };
  }

  /** Nobody will ask for what lies before `at`. */
  forget(at: number): void {
    let over = 0;
    while (over < this.#spans.length && (this.#spans[over] as Span).to <= at) over++;
    if (over > 0) this.#spans.splice(0, over);
  }
}
