/** Whose voice it is, and how alike it is to what was heard of that speaker, -1 to 1. */
export interface Recognised {
  readonly speaker: string;
  readonly likeness: number;
}

interface Known {
  /** Sum of the unit vectors of all that was heard of the speaker. */
  readonly sum: Float64Array;
}

/**
 * Tells the voices of one stream apart: each new embedding belongs to the speaker whose mean is nearest by cosine, or, when none is
 * near enough, to a new one (leader clustering, as it must decide at once).
 */
export class KnownVoices {
  readonly #threshold: number;
  readonly #limit: number;
  readonly #known: Known[] = [];

  /**
   * @param threshold cosine from which on two embeddings are of one speaker
   * @param limit speakers at most; beyond it the nearest one counts
   */
  constructor(threshold: number, limit: number) {
    this.#threshold = threshold;
    this.#limit = limit;
  }

  /** `speaker-1` is who was heard first. Undefined for an embedding that says nothing. */
  recognise(embedding: Float32Array): Recognised | undefined {
    const length = Math.hypot(...embedding);
    if (!(length > 0) || !Number.isFinite(length)) return undefined;
    let best = -1;
    let likeness = Number.NEGATIVE_INFINITY;
    this.#known.forEach(({ sum }, i) => {
      const cosine = sum.reduce((dot, value, k) => dot + value * (embedding[k] ?? 0), 0) / length / Math.hypot(...sum);
      if (cosine > likeness) [best, likeness] = [i, cosine];
    });
    if (best < 0 || (likeness < this.#threshold && this.#known.length < this.#limit)) {
      best = this.#known.push({ sum: new Float64Array(embedding.length) }) - 1;
      likeness = 1;
    }
    const { sum } = this.#known[best] as Known;
    for (let k = 0; k < sum.length; k++) sum[k] = (sum[k] as number) + (embedding[k] ?? 0) / length;
    return { speaker: `speaker-${best + 1}`, likeness };
  }

  /** Forgets everybody. */
  clear(): void {
    this.#known.length = 0;
  }
}
