import { asUnit, cosine } from "./embeddings.ts";
import type { EnrolledVoices } from "./enrolled-voices.ts";

/** Whose voice it is, and how alike it is to what was heard of that speaker, -1 to 1. */
export interface Recognised {
  readonly speaker: string;
  readonly likeness: number;
  /** What the same voice was called before it was enrolled. */
  readonly renames?: string | undefined;
}

export interface KnownVoicesOptions {
  /** Cosine from which on two stretches are of one speaker. */
  readonly threshold: number;
  /** Cosine from which on a stretch is of a voice that is enrolled. */
  readonly enrolledThreshold: number;
  /** Speakers without a name at most; beyond it the nearest one counts. */
  readonly maxSpeakers: number;
}

interface Unnamed {
  readonly label: string;
  /** Sum of the unit vectors of all that was heard of the speaker. */
  readonly sum: Float64Array;
}

/**
 * Tells the voices of one stream apart: each new embedding belongs to the enrolled voice that is nearest by cosine, when that is near
 * enough; otherwise to the speaker whose mean is nearest, or, when none is near enough, to a new one (leader clustering, as it must decide at once).
 */
export class KnownVoices {
  readonly #options: KnownVoicesOptions;
  readonly #enrolled: EnrolledVoices;
  readonly #unnamed: Unnamed[] = [];
  #count = 0;

  constructor(options: KnownVoicesOptions, enrolled: EnrolledVoices) {
    this.#options = options;
    this.#enrolled = enrolled;
  }

  /**
   * `speaker-1` is who was heard first. Undefined for an embedding that says nothing, and for one that is `weak` (of little speech) and
   * like nobody: that makes nobody known, nor better known.
   */
  recognise(embedding: Float32Array, weak = false): Recognised | undefined {
    const voice = asUnit(embedding);
    if (!voice) return undefined;
    return this.#byName(voice) ?? this.#byLikeness(voice, weak);
  }

  /** Forgets everybody but who is enrolled. */
  clear(): void {
    this.#unnamed.length = 0;
    this.#count = 0;
  }

  #byName(voice: Float32Array): Recognised | undefined {
    const { enrolledThreshold } = this.#options;
    const nearest = this.#enrolled.nearest(voice);
    if (!nearest || nearest.likeness < enrolledThreshold) return undefined;
    const { name: speaker, likeness } = nearest;
    // Heard before anybody knew the name.
    const before = this.#nearest(voice);
    const same = before && this.#enrolled.nearest(before.known.sum);
    if (!before || same?.name !== speaker || same.likeness < enrolledThreshold) return { speaker, likeness };
    this.#unnamed.splice(this.#unnamed.indexOf(before.known), 1);
    return { speaker, likeness, renames: before.known.label };
  }

  #byLikeness(voice: Float32Array, weak: boolean): Recognised | undefined {
    const { threshold, maxSpeakers } = this.#options;
    let found = this.#nearest(voice);
    if (!found || found.likeness < threshold) {
      if (weak) return undefined;
      if (!found || this.#unnamed.length < maxSpeakers) {
        const known = { label: `speaker-${++this.#count}`, sum: new Float64Array(voice.length) };
        this.#unnamed.push(known);
        found = { known, likeness: 1 };
      }
    }
    const { known, likeness } = found;
    if (!weak) for (let k = 0; k < known.sum.length; k++) known.sum[k] = (known.sum[k] as number) + (voice[k] ?? 0);
    return { speaker: known.label, likeness };
  }

  #nearest(voice: Float32Array): { readonly known: Unnamed; readonly likeness: number } | undefined {
    let best: { known: Unnamed; likeness: number } | undefined;
    for (const known of this.#unnamed) {
      const likeness = cosine(known.sum, voice);
      if (!best || likeness > best.likeness) best = { known, likeness };
    }
    return best;
  }
}
