import { RoomKitError } from "@roomkit/core";
import { asUnit, cosine } from "./embeddings.ts";

/** Characters of a name. */
const MAX_NAME = 64;
/** What a stream calls the voices it does not know. */
const ANONYMOUS = /^speaker-\d+$/;

/** The voices that all streams of one stage know by name. */
export class EnrolledVoices {
  readonly #limit: number;
  readonly #voices = new Map<string, Float32Array>();

  /** @param limit voices at most */
  constructor(limit: number) {
    this.#limit = limit;
  }

  get names(): readonly string[] {
    return [...this.#voices.keys()];
  }

  /** @throws RoomKitError `invalid_option` for what cannot be a name. */
  assertName(name: string): void {
    if (
      typeof name === "string" &&
      name.trim() === name &&
      name !== "" &&
      name.length <= MAX_NAME &&
      !ANONYMOUS.test(name)
    )
      return;
    throw new RoomKitError(
      "invalid_option",
      `a voice's name has 1 to ${MAX_NAME} characters and is not \`speaker-1\` or the like`,
    );
  }

  /** There is room for this name. @throws RoomKitError `too_many_voices`. */
  assertRoom(name: string): void {
    if (this.#voices.has(name) || this.#voices.size < this.#limit) return;
    throw new RoomKitError("too_many_voices", `${this.#limit} voices are known already`, {
      details: { limit: this.#limit },
    });
  }

  /** A name that is known gets the new voice, which is given back, of length 1. @throws RoomKitError `too_many_voices`, `invalid_audio` for an embedding that says nothing. */
  set(name: string, embedding: Float32Array): Float32Array {
    this.assertRoom(name);
    const voice = asUnit(embedding);
    if (!voice) throw new RoomKitError("invalid_audio", "nothing can be told of this voice");
    for (const known of this.#voices.values())
      if (known.length !== voice.length)
        throw new RoomKitError("invalid_audio", "this voice was learnt with another model than the others", {
          details: { length: voice.length, expected: known.length },
        });
    this.#voices.set(name, voice);
    return voice.slice();
  }

  delete(name: string): boolean {
    return this.#voices.delete(name);
  }

  clear(): void {
    this.#voices.clear();
  }

  /** Whose voice is nearest, and how near, -1 to 1; undefined where none of that length is known. */
  nearest(voice: ArrayLike<number>): { readonly name: string; readonly likeness: number } | undefined {
    let best: { name: string; likeness: number } | undefined;
    for (const [name, known] of this.#voices) {
      if (known.length !== voice.length) continue;
      const likeness = cosine(known, voice);
      if (!best || likeness > best.likeness) best = { name, likeness };
    }
    return best;
  }
}
